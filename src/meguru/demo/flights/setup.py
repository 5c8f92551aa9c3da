"""Set the system up: data, pipeline, endpoint with its gates, monitor, triggers, and the first model.

Everything is declared so that declaring it again changes nothing: a demo that was cut off begins here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from meguru.datasets.client import add_files
from meguru.datasets.types import Checks
from meguru.demo.flights import pipeline as pipeline_file
from meguru.demo.flights.data import FLIGHTS, PLANES, WEATHER, month_file, planes_file
from meguru.demo.flights.names import CALENDAR, ENDPOINT, MODEL, MONITOR, NEWEST, RELEASE, RETRAIN, keyed
from meguru.demo.flights.wait_idle import until_current, until_quiet
from meguru.errors import StepFailed
from meguru.kernel.remote import RemoteWorkspace
from meguru.monitoring.operations import create as create_monitor
from meguru.monitoring.types import Severity
from meguru.pipelines.load import register_file
from meguru.pipelines.operations import show_run, start
from meguru.serving.operations import create as create_endpoint
from meguru.serving.operations import shadow
from meguru.serving.operations import show as show_endpoint
from meguru.triggers.operations import create as create_trigger

PIPELINE = "train_delay"
GATES: list[dict[str, Any]] = [
    {"gate": "metric", "metric": "auc", "op": ">=", "value": 0.55},
    {"gate": "champion", "metric": "auc", "confidence": 0.95},
]
CHECKS: list[dict[str, Any]] = [{"check": "performance"}, {"check": "psi"}]
ALERT_ON = [Severity.DATA_BREAK, Severity.PERFORMANCE_DROP, Severity.SHADOW_BETTER, Severity.INPUT_DRIFT]
MIN_DRIFT_SHARE = 0.2
_FLIGHTS = Checks(
    row_count_min=1000,
    null_pct={"carrier": 0, "origin": 0, "dest": 0, "time_hour": 0, "arr_delay": 10},
    unique=["month", "day", "carrier", "flight", "origin"],
)
_WEATHER = Checks(row_count_min=500, null_pct={"temp": 1, "wind_dir": 10}, unique=["origin", "time_hour"])


def add_data(ws: RemoteWorkspace, source: Path, months: list[int]) -> None:
    """Append months of flights and weather to their datasets, checked; those that are there stay."""
    for name, checks in ((FLIGHTS, _FLIGHTS), (WEATHER, _WEATHER)):
        add_files(
            ws,
            name,
            [month_file(source, name, month) for month in months],
            mode="append",
            event_time="time_hour",
            checks=checks,
        )


def set_up(ws: RemoteWorkspace, source: Path, first: int) -> None:
    """Declare everything, train the first model on the two months before `first`, and put it live."""
    add_data(ws, source, [first - 2, first - 1])
    add_files(ws, PLANES, planes_file(source), mode="append", checks=Checks(unique=["tailnum"]))
    register_file(ws, f"{pipeline_file.__file__}:{PIPELINE}")
    create_endpoint(
        ws, name=ENDPOINT, model=MODEL, gates=GATES, description="Will a flight arrive over 15 minutes late?"
    )
    create_monitor(
        ws,
        name=MONITOR,
        endpoint=ENDPOINT,
        checks=CHECKS,
        alert_on=ALERT_ON,
        min_drift_share=MIN_DRIFT_SHARE,
    )
    _triggers(ws)
    _first_model(ws)


def _triggers(ws: RemoteWorkspace) -> None:
    retrain = {"pipeline": PIPELINE, "params": NEWEST}
    create_trigger(ws, name=RETRAIN, on={"monitor": MONITOR, "state": "alert"}, action=retrain)
    create_trigger(
        ws,
        name=RELEASE,
        on={"event": "model_version.registered", "subject": f"model/{MODEL}@*"},
        action={"endpoint": ENDPOINT},
    )
    create_trigger(
        ws,
        name=CALENDAR,
        on={"cron": "0 6 1 * *"},
        action=retrain,
        enabled=False,
        note="paused: this year has passed; with `meguru trigger resume` it retrains every month",
    )


def _first_model(ws: RemoteWorkspace) -> None:
    """Train; the release trigger does the rest. The first model stays as a shadow, to be measured along."""
    run = start(keyed(ws, "first-run"), pipeline=PIPELINE, params=NEWEST)
    until_quiet(ws)
    live = show_endpoint(ws, name=ENDPOINT).endpoint.live
    if live is None:
        failed = show_run(ws, ref=run.ref).failed
        why = f"{failed.step}: {failed.message}" if failed else "its release was refused"
        raise StepFailed("the first model did not go live", why=why, hint=f"meguru why {run.ref}")
    shadow(ws, name=ENDPOINT, refs=[f"model/{MODEL}@1"])
    until_current(ws, ENDPOINT)
