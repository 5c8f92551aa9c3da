"""A month of flights as requests: predictions at the scheduled departure, outcomes after landing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import msgspec
import polars as pl

from meguru.datasets.reading import read
from meguru.demo.flights.data import FLIGHTS, WEATHER, month_file, planes_file
from meguru.demo.flights.features import FEATURES, LABEL, LANDED, TIME, build
from meguru.demo.flights.names import ENDPOINT, key_of, keyed
from meguru.predictions.operations import record
from meguru.predictions.types import OutcomeInput
from meguru.runtime.remote import RemoteWorkspace

BATCH = 1000
CONNECTIONS = 2


class Known(NamedTuple):
    """A batch of flights, its number in the month, and what became of them."""

    number: int
    rows: pl.DataFrame


class _Prediction(msgspec.Struct):
    id: str


class _Answer(msgspec.Struct):
    predictions: list[_Prediction]


def flights_of(source: Path, month: int) -> pl.DataFrame:
    """Return a month's flights with all that is known of them, in order of scheduled departure."""
    months = [each for each in (month - 1, month) if each >= 1]
    weather = pl.concat(
        [_frame(month_file(source, WEATHER, each)) for each in months], how="vertical_relaxed"
    )
    return build(_frame(month_file(source, FLIGHTS, month)), weather, _frame(planes_file(source)))


def play(ws: RemoteWorkspace, month: int, flights: pl.DataFrame, done: Callable[[int], None]) -> None:
    """Ask for a prediction of every flight, and tell how those that arrived came in.

    Each request has its own key: one that was answered before gets the same answer again, and counts once.
    """
    with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="traffic") as pool:
        try:
            for rows in pool.map(lambda batch: _exchange(ws, month, batch), _batches(flights)):
                done(rows)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _exchange(ws: RemoteWorkspace, month: int, batch: Known) -> int:
    rows = batch.rows
    times = msgspec.json.encode(rows[TIME].to_list())
    body = b'{"rows":%b,"times":%b}' % (rows.select(FEATURES).write_json().encode(), times)
    answer = ws.send(
        "POST",
        f"/endpoints/{ENDPOINT}/predict",
        content=body,
        headers={"Content-Type": "application/json", "Idempotency-Key": key_of(month, batch.number)},
    )
    ids = [each.id for each in msgspec.json.decode(answer.content, type=_Answer).predictions]
    arrived = zip(ids, rows[LABEL], rows[LANDED], strict=True)
    outcomes = [
        OutcomeInput(prediction_id=each, value=float(late), at=landed)
        for each, late, landed in arrived
        if late is not None
    ]
    if outcomes:
        record(keyed(ws, "outcomes", month, batch.number), endpoint=ENDPOINT, outcomes=outcomes)
    return rows.height


def _batches(flights: pl.DataFrame) -> Iterator[Known]:
    for number, rows in enumerate(flights.iter_slices(BATCH)):
        yield Known(number, rows)


def _frame(path: Path) -> pl.DataFrame:
    return read(path, "csv", path.name)
