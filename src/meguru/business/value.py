"""What metrics come to in a window: asked in a confined process, of rows read once for all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from sqlalchemy import Connection

from meguru.base import digests, refs
from meguru.base.sandbox.launch import confined
from meguru.business import work
from meguru.business.code import brought
from meguru.business.reckon import Reckoned
from meguru.business.tables import predictions_table
from meguru.business.types import BusinessMetric, BusinessValue, SliceValue
from meguru.datasets import store as datasets
from meguru.datasets.sql.box import asked_table
from meguru.datasets.sql.confined import ANSWER, QueryLimits, own_folder, read_left, readable_of, turn
from meguru.datasets.sql.guard import tables_of
from meguru.datasets.types import DatasetVersion
from meguru.errors import InvalidInput, MeguruError, TimedOut, TooLarge
from meguru.predictions import spans
from meguru.predictions.types import ID_COLUMN, MODEL_COLUMN, OUTCOME_COLUMN
from meguru.predictions.window import frame
from meguru.stats.block_jackknife import student_interval
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl

LIMITS = QueryLimits(seconds=60.0, memory=3 << 30, patience=120.0)
MOST_ROWS = 5_000_000
"""Rows of a window that a metric can be asked of."""


class Question(NamedTuple):
    """A metric, and the versions of the datasets that it reads, by the name of the table."""

    metric: BusinessMetric
    versions: dict[str, DatasetVersion]


def measure_all(
    tx: Connection,
    blobs: BlobStore,
    metrics: Sequence[BusinessMetric],
    start: datetime,
    end: datetime,
) -> list[BusinessValue]:
    """Return what some metrics of one endpoint come to in a window; nothing is stored.

    One that can't be measured says why (`BusinessValue.problem`).
    """
    if not metrics:
        return []
    endpoint = metrics[0].endpoint
    count = spans.counted(tx, endpoint, start, end)
    if count.rows > MOST_ROWS:
        why = f"the window has {count.rows:,} predictions, and up to {MOST_ROWS:,} are read"
        return [_problem(each, start, end, why) for each in metrics]
    rows = frame(tx, endpoint, start, end, features=features_of(metrics))
    asked = [_question(tx, each) for each in metrics]
    found = iter(ask(tx, blobs, [each for each in asked if isinstance(each, Question)], [rows]))
    return [
        _valued(each, next(found), rows, start, end)
        if isinstance(each, Question)
        else _problem(metric, start, end, each, rows)
        for metric, each in zip(metrics, asked, strict=True)
    ]


def _question(tx: Connection, metric: BusinessMetric) -> Question | str:
    """Return a metric with the versions that it reads; or why it can't be asked."""
    try:
        return Question(metric, versions_of(tx, metric))
    except MeguruError as error:
        return ": ".join(filter(None, (error.what, error.why)))


def _valued(
    asked: Question, answer: work.ConfinedReckoning, rows: pl.DataFrame, start: datetime, end: datetime
) -> BusinessValue:
    metric, found = asked.metric, answer.found
    number = found.numbers[0] if found else None
    low, high = interval_of(number)
    nothing = "" if number else "no row of the answer has a value"
    return msgspec.structs.replace(
        _problem(metric, start, end, nothing if found else answer.error, rows),
        value=number.value if number else None,
        low=low,
        high=high,
        method=number.method if number else "",
        slices=[_slice(name, each) for name, each in found.slices.items()] if found else [],
        datasets=[each.ref for each in asked.versions.values()],
        digest=_digest(metric, rows, asked.versions),
    )


def interval_of(number: Reckoned | None) -> tuple[float | None, float | None]:
    """Return the ends of the 95 % interval; None twice when the rows don't tell."""
    if number is None or number.error is None:
        return None, None
    found = student_interval(number.value, number.error, number.blocks, number.blocks)
    return found.low, found.high


def _slice(name: str, number: Reckoned) -> SliceValue:
    low, high = interval_of(number)
    return SliceValue(slice=name, value=number.value, low=low, high=high)


def ask(
    tx: Connection, blobs: BlobStore, asked: Sequence[Question], frames: Sequence[pl.DataFrame]
) -> list[work.ConfinedReckoning]:
    """Ask questions of rows as a window's frame has them: of one model's answers, or of two models'.

    All are asked in one process; if they need too much together, each in one of its own.

    Raises
    ------
    Busy
        If others are asked, for too long.
    """
    if not asked:
        return []
    try:
        return _asked(tx, blobs, asked, frames)
    except (TimedOut, TooLarge, InvalidInput) as error:
        if len(asked) == 1:
            why = ": ".join(filter(None, (error.what, error.why)))
            return [work.ConfinedReckoning(error=why, hint=error.hint)]
    return [found for each in asked for found in ask(tx, blobs, [each], frames)]


def _asked(
    tx: Connection, blobs: BlobStore, asked: Sequence[Question], frames: Sequence[pl.DataFrame]
) -> list[work.ConfinedReckoning]:
    with turn(LIMITS), own_folder() as folder:
        questions = [
            _told(tx, blobs, each, folder / f"{work.CODE}{number}") for number, each in enumerate(asked)
        ]
        (folder / work.ASKED).write_bytes(msgspec.json.encode(questions))
        for name, rows in zip(work.ROWS, frames, strict=False):
            predictions_table(rows).write_parquet(folder / name, compression="lz4")
        ended = confined(
            "meguru.business.work:answer",
            folder,
            seconds=LIMITS.seconds,
            memory=LIMITS.memory,
            file=ANSWER,
            readable=[place for each in questions for place in readable_of(each.tables.values())],
        )
        done = read_left(folder / work.ANSWERED, ended, LIMITS, list[work.ConfinedReckoning])
    if len(done) != len(asked):
        raise TooLarge("the answers of metrics are not all there")
    return done


def _told(tx: Connection, blobs: BlobStore, asked: Question, code: Path) -> work.MetricQuestion:
    metric = asked.metric
    function, sources = brought(blobs, metric, code)
    return work.MetricQuestion(
        sql=metric.sql,
        function=function,
        sources=sources,
        tables={name: asked_table(tx, blobs, version) for name, version in asked.versions.items()},
        by=metric.by,
        known=needs_outcomes(metric),
    )


def versions_of(tx: Connection, metric: BusinessMetric) -> dict[str, DatasetVersion]:
    """Return the versions of the datasets that a metric reads now, by the name of the table."""
    found = {}
    for said in metric.datasets:
        version = datasets.resolve(tx, said)
        found[refs.bare(version.name)] = version
    return found


def features_of(metrics: Sequence[BusinessMetric]) -> list[str] | None:
    """Return the features that some questions may name; None when any may be asked."""
    if any(each.python for each in metrics):
        return None
    words = {word for each in metrics for word in tables_of(each.sql)}
    return None if "*" in words else [*words, *(word.removeprefix("feature_") for word in words)]


def needs_outcomes(metric: BusinessMetric) -> bool:
    """Tell whether a metric is of what really happened, so that it is not known before that is."""
    return bool(metric.python) or "outcome" in {word.lower() for word in tables_of(metric.sql)}


def state_of(tx: Connection, metrics: Sequence[BusinessMetric]) -> list[object]:
    """Return what the values of metrics depend on beside the predictions and outcomes, as plain values."""
    state: list[object] = []
    for each in metrics:
        try:
            read = [version.digest for version in versions_of(tx, each).values()]
        except MeguruError as error:
            read = [error.what]
        state.append([_declared(each), read])
    return state


def _declared(metric: BusinessMetric) -> dict[str, object]:
    left_out = ("created_at", "created_by", "description")
    return {name: value for name, value in msgspec.structs.asdict(metric).items() if name not in left_out}


def _digest(metric: BusinessMetric, rows: pl.DataFrame, versions: dict[str, DatasetVersion]) -> str:
    seen = rows.select(ID_COLUMN, MODEL_COLUMN, OUTCOME_COLUMN)
    read = [each.digest for each in versions.values()]
    return digests.of_value([_declared(metric), read, digests.of_bytes(seen.write_ndjson().encode())])


def _problem(
    metric: BusinessMetric, start: datetime, end: datetime, why: str, rows: pl.DataFrame | None = None
) -> BusinessValue:
    return BusinessValue(
        metric=metric.name,
        start=start,
        end=end,
        unit=metric.unit,
        direction=metric.direction,
        target=metric.target,
        per=metric.per,
        rows=0 if rows is None else rows.height,
        outcomes=0 if rows is None else rows[OUTCOME_COLUMN].count(),
        known=needs_outcomes(metric),
        problem=why,
        digest=digests.of_value([_declared(metric), why]),
    )
