"""Servers of one workspace tell each other what they serve, on both databases."""

from __future__ import annotations

import threading

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.kernel import events
from meguru.registry.client import add_model
from meguru.releases import operations as releases
from meguru.serving import operations as endpoints
from meguru.serving.service import PredictionService
from meguru.serving.types import EndpointState
from meguru.testing.models import make_model

pytestmark = pytest.mark.integration


@pytest.fixture(params=["embedded", "shared"])
def place(request, tmp_path):
    if request.param == "embedded":
        return str(tmp_path / "workspace")
    return request.getfixturevalue("postgres_url")


def served(ws):
    found = endpoints.show(ws, name="delay").endpoint
    return found.state, found.serving.ready, found.serving.servers


def wait_until(ws, what):
    for _ in range(50):
        if served(ws) == what:
            return
        with ws.read() as tx:
            head = events.head(tx)
        events.wait(ws, after=head, timeout=0.3)
    assert served(ws) == what


def test_each_server_that_comes_and_goes_is_counted(place, tmp_path):
    settings = Settings(blobs=str(tmp_path / "blobs"), sqlite_synchronous="NORMAL")
    with open_local(place, settings=settings) as ws, open_local(place, settings=settings) as other:
        model = add_model(ws, "delay", make_model()).ref
        endpoints.create(ws, name="delay", model="delay")
        made = releases.create(ws, endpoint="delay", model=model)
        releases.check(ws, release=made.ref)
        assert releases.promote(ws, release=made.ref).serving.why == "no server serves it now"
        first, second = PredictionService(ws), PredictionService(other)
        threads = [threading.Thread(target=each.start) for each in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wait_until(ws, (EndpointState.LIVE, 2, 2))
        assert releases.show(other, ref=made.ref).standing == "live"
        first.stop()
        assert served(other) == (EndpointState.LIVE, 1, 1)
        second.stop()
        assert served(ws) == (EndpointState.DOWN, 0, 0)
        with ws.read() as tx:
            told = events.read(tx, types=("endpoint.serving",))
        assert len({each.data["server"] for each in told}) == 2
