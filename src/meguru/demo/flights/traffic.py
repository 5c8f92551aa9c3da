"""A month of flights as requests: predictions at the scheduled departure, outcomes after landing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import polars as pl

from meguru.datasets.ingest.convert import convert
from meguru.datasets.types import ReadOptions
from meguru.demo.flights.data import FLIGHTS, month_file
from meguru.demo.flights.labels import ASKED, LABEL, LANDED, TIME, labelled
from meguru.demo.flights.names import ENDPOINT, key_of, keyed
from meguru.kernel.remote import RemoteWorkspace
from meguru.predictions.operations import record
from meguru.predictions.types import MAX_OUTCOMES, OutcomeInput

BATCH = 1000
CONNECTIONS = 2


class _Prediction(msgspec.Struct):
    id: str


class _Answer(msgspec.Struct):
    predictions: list[_Prediction]


def flights_of(source: Path, month: int) -> pl.DataFrame:
    """Return a month's flights, in order of scheduled departure."""
    return labelled(_frame(month_file(source, FLIGHTS, month)))


def ask(ws: RemoteWorkspace, month: int, flights: pl.DataFrame, done: Callable[[int], None]) -> list[str]:
    """Ask for a prediction of every flight; return their ids.

    Each request has its own key: one that was answered before gets the same answer again, and counts once.
    """
    ids: list[str] = []
    with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="traffic") as pool:
        try:
            batches = enumerate(flights.iter_slices(BATCH))
            for answered in pool.map(lambda batch: _ask(ws, month, *batch), batches):
                ids += answered
                done(len(answered))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return ids


def _ask(ws: RemoteWorkspace, month: int, number: int, rows: pl.DataFrame) -> list[str]:
    times = msgspec.json.encode(rows[TIME].to_list())
    body = b'{"rows":%b,"times":%b}' % (msgspec.json.encode(rows.select(ASKED).to_dicts()), times)
    answer = ws.send(
        "POST",
        f"/endpoints/{ENDPOINT}/predict",
        content=body,
        headers={"Content-Type": "application/json", "Idempotency-Key": key_of(month, number)},
    )
    return [prediction.id for prediction in msgspec.json.decode(answer.content, type=_Answer).predictions]


def tell(ws: RemoteWorkspace, month: int, flights: pl.DataFrame, ids: Sequence[str]) -> None:
    """Tell how the flights that arrived came in, and when that was known."""
    arrived = zip(ids, flights[LABEL], flights[LANDED], strict=True)
    outcomes = [
        OutcomeInput(prediction_id=each, value=float(late), at=landed)
        for each, late, landed in arrived
        if late is not None
    ]
    for start in range(0, len(outcomes), MAX_OUTCOMES):
        part = outcomes[start : start + MAX_OUTCOMES]
        record(keyed(ws, "outcomes", month, start), endpoint=ENDPOINT, outcomes=part)


def _frame(path: Path) -> pl.DataFrame:
    with TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.parquet"
        convert(path, "csv", path.name, ReadOptions(), rows)
        return pl.read_parquet(rows)
