"""Play the months through the system, from outside: everything goes over HTTP to a real server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from meguru.app.nouns import load_operations
from meguru.demo.flights import traffic
from meguru.demo.flights.child import server
from meguru.demo.flights.data import WEATHER, check_libraries, export
from meguru.demo.flights.folder import DemoMonths
from meguru.demo.flights.names import ENDPOINT, MONITOR, window
from meguru.demo.flights.setup import add_flights, add_weather, set_up
from meguru.demo.flights.story import Month, Story, month_of, read_story
from meguru.demo.flights.wait_idle import until_current, until_online, until_quiet, until_seen
from meguru.kernel.remote import RemoteWorkspace
from meguru.monitoring.operations import show as show_monitor

if TYPE_CHECKING:
    import polars as pl


class DemoProgress(Protocol):
    """Who wants to know how far the demo is."""

    def phase(self, text: str) -> None:
        """Say what begins now."""
        ...

    def total(self, rows: int) -> None:
        """Say how many requests' rows this phase has."""
        ...

    def advance(self, rows: int) -> None:
        """Say that so many more rows are done."""
        ...

    def month(self, played: Month) -> None:
        """Say what came of a month."""
        ...


def play(folder: Path, plan: DemoMonths, progress: DemoProgress) -> Story:
    """Play the months of a plan in a workspace folder; those that it has played already are left as they are.

    Returns the story as the system's own records tell it.
    """
    check_libraries()
    load_operations()
    began = time.monotonic()
    progress.phase("reading the year 2013")
    source = folder / "source"
    export(source)
    progress.phase("starting the server")
    with server(folder) as url, RemoteWorkspace(url) as ws:
        progress.phase(f"console: {url}/ui/endpoints/{ENDPOINT} · training the first model on two months")
        set_up(ws, source, plan.first)
        until_quiet(ws)
        todo = [month for month in plan.months if not _is_played(ws, month)]
        for month in plan.months[: len(plan.months) - len(todo)]:
            progress.month(month_of(ws, month))
        for month, flights in _one_ahead(source, todo):
            _play_month(ws, source, month, flights, progress)
            progress.month(month_of(ws, month))
        return read_story(ws, folder, plan, seconds=time.monotonic() - began)


def _is_played(ws: RemoteWorkspace, month: int) -> bool:
    start, _ = window(month)
    return any(report.start == start for report in show_monitor(ws, name=MONITOR, limit=100).reports)


def _one_ahead(source: Path, months: list[int]) -> Iterator[tuple[int, pl.DataFrame]]:
    """Give the flights of each month; those of the next are prepared meanwhile."""
    with ThreadPoolExecutor(1, thread_name_prefix="prepare") as pool:
        coming = [pool.submit(traffic.flights_of, source, month) for month in months[:1]]
        for month, following in zip_longest(months, months[1:]):
            flights = coming.pop().result()
            if following is not None:
                coming.append(pool.submit(traffic.flights_of, source, following))
            yield month, flights


def _play_month(
    ws: RemoteWorkspace, source: Path, month: int, flights: pl.DataFrame, progress: DemoProgress
) -> None:
    """Land the weather, ask for predictions, land the flights, tell the outcomes: the world.

    The system does the rest. Weather of a whole month lands at once, as the demo has no month to wait; each
    flight asks for what was known at its scheduled departure, and is given nothing later.
    """
    start, _ = window(month)
    progress.phase(f"{start:%B}: the weather is in, and is brought online")
    until_online(ws, WEATHER, add_weather(ws, source, [month]))
    until_current(ws, ENDPOINT)
    progress.phase(f"{start:%B}: answering")
    progress.total(flights.height)
    ids = traffic.ask(ws, month, flights, progress.advance)
    progress.phase(f"{start:%B}: the month's data is in; is the model still right?")
    add_flights(ws, source, [month])
    traffic.tell(ws, month, flights, ids)
    until_seen(ws, MONITOR, start)
    until_quiet(ws)
    until_current(ws, ENDPOINT)
