"""Set the system up: data, pipeline, what ``meguru.toml`` declares, and the first model.

Everything is declared so that declaring it again changes nothing: a demo that was cut off begins here.
"""

from __future__ import annotations

from pathlib import Path

from meguru.datasets.client import add_files
from meguru.datasets.types import Checks, ReadOptions
from meguru.demo.flights import pipeline as pipeline_file
from meguru.demo.flights.data import FLIGHTS, PLANES, WEATHER, month_file, planes_file
from meguru.demo.flights.names import CALENDAR, ENDPOINT, MODEL, NEWEST, keyed
from meguru.demo.flights.wait_idle import until_current, until_online, until_quiet
from meguru.errors import StepFailed
from meguru.kernel.remote import RemoteWorkspace
from meguru.pipelines.load import register_file
from meguru.pipelines.operations import show_run, start
from meguru.project.plan_apply import apply_plan, plan_project
from meguru.project.read import read_project
from meguru.serving.operations import shadow
from meguru.serving.operations import show as show_endpoint
from meguru.triggers.operations import pause

PIPELINE = "train_delay"
DECLARED = Path(__file__).with_name("meguru.toml")
_FLIGHTS = Checks(
    row_count_min=1000,
    null_pct={"carrier": 0, "origin": 0, "dest": 0, "time_hour": 0, "arr_delay": 10},
    unique=["month", "day", "carrier", "flight", "origin"],
)
_WEATHER = Checks(row_count_min=500, null_pct={"temp": 1, "wind_dir": 10}, unique=["origin", "time_hour"])

_READ_WEATHER = ReadOptions(types={"pressure": "number"})
"""A thousand hectopascal are written 1e3, which a column of text may mean too."""


def add_flights(ws: RemoteWorkspace, source: Path, months: list[int]) -> None:
    """Append months of flights to their dataset, checked; those that are there stay."""
    _append(ws, source, months, FLIGHTS, _FLIGHTS, None)


def add_weather(ws: RemoteWorkspace, source: Path, months: list[int]) -> str:
    """Append months of weather, which the server brings online; return the dataset's version."""
    return _append(ws, source, months, WEATHER, _WEATHER, _READ_WEATHER)


def _append(
    ws: RemoteWorkspace,
    source: Path,
    months: list[int],
    name: str,
    checks: Checks,
    said: ReadOptions | None,
) -> str:
    added = add_files(
        ws,
        name,
        [month_file(source, name, month) for month in months],
        mode="append",
        event_time="time_hour",
        checks=checks,
        read=said,
    )
    return added.ref


def set_up(ws: RemoteWorkspace, source: Path, first: int) -> None:
    """Declare everything, train the first model on the two months before `first`, and put it live."""
    add_flights(ws, source, [first - 2, first - 1])
    weather = add_weather(ws, source, [first - 2, first - 1])
    add_files(ws, PLANES, planes_file(source), mode="append", checks=Checks(unique=["tailnum"]))
    register_file(ws, f"{pipeline_file.__file__}:{PIPELINE}")
    declare(ws)
    until_online(ws, WEATHER, weather)
    _first_model(ws)


def declare(ws: RemoteWorkspace) -> None:
    """Apply the project file: endpoint, monitor and triggers, by which the server then runs alone."""
    project = read_project(DECLARED)
    plan = plan_project(ws, project)
    if plan.actions or plan.adopts:
        apply_plan(ws, plan, project)
    # That a trigger rests is no part of what it is: it is done by hand.
    pause(ws, name=CALENDAR, reason="this year has passed")


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
