"""Replay recorded predictions: ask their model again with the recorded inputs, and compare bit for bit."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import Connection

from meguru.base import refs
from meguru.errors import Busy, InvalidInput, NotFound
from meguru.kernel.operations import Context, operation
from meguru.predictions import ids, payload, store
from meguru.predictions.outputs import ModelAnswer
from meguru.predictions.types import PredictionBatch
from meguru.registry.load import load_model
from meguru.serving.body import RequestRows
from meguru.serving.loaded_model import LoadedModel, ModelFailed
from meguru.serving.refusals import answer as answer_by_parts
from meguru.serving.threads import one_thread_each

MAX_NAMED = 20
LOCK_SECONDS = 20.0
_replaying = threading.Lock()


class ReplayedPrediction(msgspec.Struct, frozen=True, kw_only=True):
    """What the model says now, beside what was recorded.

    Attributes
    ----------
    id, endpoint, model
        What was asked again: a prediction, or a whole request.
    rows, together
        How many rows were compared; and how many the model was asked in one call, then and now.
    equal
        Whether every output of each row is the same to the bit.
    differing
        The predictions that are not, the first 20 of them.
    difference
        By how much numbers differ at most; None when nothing but their number or other values differ.
    why
        What may explain a difference; empty when there is none.
    recorded, replayed
        The outputs of the prediction (of a request: of its first row that differs, else of its first).
    """

    id: str
    endpoint: str
    model: str
    rows: int
    together: int
    equal: bool
    differing: list[str] = []
    difference: float | None = None
    why: str = ""
    recorded: dict[str, Any] = {}
    replayed: dict[str, Any] = {}


@operation("prediction.replay", permission="prediction:read", query=True, on="id")
def replay(ctx: Context, *, id: str) -> ReplayedPrediction:
    """Ask a prediction's model version again with the recorded inputs, and compare what it says bit for bit.

    Rows that were asked together with those of other requests are asked so again. The id of a request
    stands for all its rows.

    Raises
    ------
    NotFound
        If nothing was answered under this id.
    InvalidInput
        If the model takes other columns than were recorded.
    Busy
        If others are asked again, for longer than a caller should wait.
    """
    name = refs.parse(id, kind="prediction").name
    with ctx.ws.read() as tx:
        batch, row = _batch(tx, name)
        batches = _scored_together(tx, batch)
    start = sum(prediction_batch.n for prediction_batch in batches[: batches.index(batch)])
    # With its neighbours, in one call and in their order: a matrix product may round a row otherwise beside
    # others.
    with one_at_a_time():
        served = _served(ctx, batch)
        answer = _predict(
            served, [row for prediction_batch in batches for row in _rows(served, prediction_batch)]
        )
    together = payload.together(batch.payload)
    lost = together is not None and together.count != len(batches)
    why = "other requests were asked with it, and not all of them were recorded" if lost else ""
    return _compared(batch, row, answer.part(start, start + batch.n), why, len(answer))


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Keep a crowd of replays from loading a crowd of models into one process."""
    if not _replaying.acquire(timeout=LOCK_SECONDS):
        raise Busy("other predictions are being asked again", hint="try again in a moment")
    try:
        yield
    finally:
        _replaying.release()


def _batch(tx: Connection, name: str) -> tuple[PredictionBatch, int | None]:
    key = ids.split(name)
    batch = store.get(tx, key[0] if key else name)
    if batch is None or (key and key[1] >= batch.n):
        raise NotFound.of("prediction", name[:80])
    return batch, key[1] if key else None


def _scored_together(tx: Connection, batch: PredictionBatch) -> list[PredictionBatch]:
    together = payload.together(batch.payload)
    if together is None:
        return [batch]
    near = store.between(tx, batch.endpoint, together.first, together.last)
    return [
        prediction_batch
        for prediction_batch in near
        if payload.together(prediction_batch.payload) == together
    ]


def _served(ctx: Context, batch: PredictionBatch) -> LoadedModel:
    one_thread_each()
    bundle, model = load_model(ctx.ws, batch.model_ref), batch.model_ref
    return LoadedModel(
        bundle, endpoint=batch.endpoint, model_ref=model, release_ref=batch.release_ref, record=False
    )


def _rows(served: LoadedModel, batch: PredictionBatch) -> Iterator[Any]:
    content = payload.features_of(batch.payload)
    if [*content][: len(served.types)] != [*served.types]:  # what was sent beside them comes after
        raise InvalidInput(
            f"{batch.model_ref} takes other columns than were recorded",
            why=f"it takes {', '.join(served.types)[:200]}",
        )
    columns = [
        [None if value is None else payload.moment(value) for value in values]
        if served.types[name] == "datetime"
        else values
        for name, values in islice(content.items(), len(served.types))
    ]
    return served.rows(columns)


def _predict(served: LoadedModel, rows: list[Any]) -> ModelAnswer:
    try:
        return served.answer(rows)
    except ModelFailed:
        return answer_by_parts(served, RequestRows(rows))


def _compared(
    batch: PredictionBatch, row: int | None, now: ModelAnswer, why: str, together: int
) -> ReplayedPrediction:
    then = payload.answer_of(batch.payload)
    rows = range(batch.n) if row is None else [row]
    differing = [each for each in rows if _bits(then, each) != _bits(now, each)]
    shown = (differing or rows)[0]
    return ReplayedPrediction(
        id=batch.id if row is None else ids.join(batch.id, row),
        endpoint=batch.endpoint,
        model=batch.model_ref,
        rows=len(rows),
        together=together,
        equal=not differing,
        differing=[ids.join(batch.id, each) for each in differing[:MAX_NAMED]],
        difference=_difference(then, now, differing),
        why=(why or "the libraries or the processor are others than then") if differing else "",
        recorded=then.part(shown, shown + 1).shown()[0],
        replayed=now.part(shown, shown + 1).shown()[0],
    )


def _bits(answer: ModelAnswer, row: int) -> bytes:
    """Return what was answered to a row as bytes: equal for equal bits, also of NaN and of zeros."""
    return msgspec.msgpack.encode([(name, values[row]) for name, values in answer.columns.items()])


def _difference(then: ModelAnswer, now: ModelAnswer, rows: Sequence[int]) -> float | None:
    gaps = [
        abs(one - other)
        for row in rows
        for name in then.columns
        if name in now.columns
        for one, other in _numbers(then.columns[name][row], now.columns[name][row])
    ]
    finite = [gap for gap in gaps if math.isfinite(gap)]
    return max(finite, default=None)


def _numbers(one: Any, other: Any) -> Iterator[tuple[float, float]]:
    """Give the numbers that stand at the same place in two values."""
    if isinstance(one, list) and isinstance(other, list):
        for pair in zip(one, other, strict=False):
            yield from _numbers(*pair)
    elif isinstance(one, float) and isinstance(other, float):
        yield one, other
