"""A workspace in which things happen, and what follows the log for alerts."""

from datetime import UTC, datetime, timedelta

import pytest

from meguru.alerts.follow import AlertFollower
from meguru.alerts.show import list_alerts
from meguru.app.open import open_workspace
from meguru.base.clock import FixedClock
from meguru.base.settings import load_settings
from meguru.kernel.operations import Context
from meguru.kernel.operations.operation import Operation


@pytest.fixture
def clock():
    return FixedClock(datetime(2026, 1, 28, 3, 0, tzinfo=UTC))


@pytest.fixture
def ws(tmp_path, clock):
    settings = load_settings({}, webhook_private=True)
    with open_workspace(tmp_path / "alerts", settings=settings, clock=clock) as opened:
        yield opened


@pytest.fixture
def happen(ws):
    """Append events, each a type, a subject and data, in one transaction."""

    def run(*given):
        def say(ctx: Context):
            return [ctx.emit(type, subject, data=data) for type, subject, data in given]

        return Operation(say, "test.say", "test:write", query=False, evented=True)(ws)

    return run


@pytest.fixture
def keep(ws):
    """Follow the log, and return the alerts that are not over."""

    def run(**given):
        AlertFollower(ws).step()
        return list_alerts(ws, **given).items

    return run


@pytest.fixture
def wait(clock):
    def run(**given):
        clock.move(timedelta(**given))

    return run


def failed(pipeline="train", run="run-1", message="no rows"):
    why = {"pipeline": pipeline, "version": 1, "step": "fit", "type": "ValueError", "message": message}
    return "pipeline_run.failed", f"pipeline_run/{run}", why


def succeeded(pipeline="train", run="run-2"):
    what = {"pipeline": pipeline, "version": 1, "params": {}, "ran": 1, "cached": 0, "skipped": 0}
    return (
        "pipeline_run.succeeded",
        f"pipeline_run/{run}",
        what | {"metrics": {}, "produces": None, "output": None},
    )
