"""Trouble that comes again and again."""

import logging
import threading
from pathlib import Path

import pytest

from meguru.app.open import open_local
from meguru.base.outages import Outage
from meguru.base.ticker import Ticker
from meguru.kernel import services
from meguru.kernel.services import Follower

log = logging.getLogger("meguru.test")


def test_an_outage_is_told_once_each_new_sort_of_error_too_and_its_end_with_how_long(caplog):
    outage = Outage(log)
    outage.worked("it works")
    for error in (OSError("away"), OSError("still away"), ValueError("other"), OSError("away")):
        outage.failed(error, "it failed")
    outage.worked("it works")
    outage.worked("it works")
    outage.failed(OSError("away"), "it failed")
    assert [(r.levelname, r.message) for r in caplog.records] == [
        ("ERROR", "it failed; trying again"),
        ("ERROR", "it failed; trying again"),
        ("WARNING", "it works again, after 0:00:00"),
        ("ERROR", "it failed; trying again"),
    ]
    assert [r.exc_info and r.exc_info[0] for r in caplog.records] == [OSError, ValueError, None, OSError]


class _Fails:
    """Fails some times, then works until it is stopped."""

    def __init__(self, stop: threading.Event) -> None:
        self.stop, self.calls = stop, 0

    def __call__(self) -> None:
        self.calls += 1
        if self.calls <= 20:
            raise OSError("the database is away")
        self.stop.set()


def test_a_ticker_tells_an_outage_once(caplog):
    stop = threading.Event()
    ticker = type("Keeper", (Ticker,), {"name": "keeper", "pause": 0.001})()
    ticker.tick = _Fails(stop)
    ticker.run(stop)
    assert [r.message for r in caplog.records] == [
        "keeper failed; trying again",
        "keeper works again, after 0:00:00",
    ]


def test_a_follower_tells_an_outage_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(services, "RETRY_SECONDS", 0.001)
    stop = threading.Event()

    class Keeper(Follower):
        name = "keeper"

        def wakes(self, type: str) -> bool:
            return False

    with open_local(tmp_path) as ws:
        keeper = Keeper(ws)
        keeper.step = _Fails(stop)
        keeper.run(stop)
    assert [r.message for r in caplog.records] == [
        "keeper could not follow the log; trying again",
        "keeper follows the log again, after 0:00:00",
    ]
