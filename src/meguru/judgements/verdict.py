"""Turn feedback into outcomes, by the rule of the endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row

from meguru.errors import InvalidInput
from meguru.predictions import outcome_store, payload, store
from meguru.predictions.outcome_store import JUDGED, RowId
from meguru.predictions.record import tasks_of
from meguru.predictions.types import FeedbackRule
from meguru.tasks import Task

_NOTHING = object()


def conclude(
    tx: Connection, endpoint: str, judged: Mapping[RowId, Sequence[Row[Any]]], rule: FeedbackRule, now: Any
) -> int:
    """Record what the judgements that count say of each prediction; what is the truth already stays.

    A verdict that was taken back takes its outcome away. Return how many outcomes were recorded.
    """
    present = outcome_store.current(tx, judged)
    # What is known for certain is never overwritten by what people think.
    open_ = {
        place: said
        for place, said in judged.items()
        if place not in present or present[place]["recorded_by"].startswith(JUDGED)
    }
    answers = _answers(tx, open_)
    rows, gone = [], []
    for place, said in open_.items():
        task, answer = answers[place]
        value = _verdict(said, task, answer, rule)
        if value is not _NOTHING:
            last = said[-1]
            rows.append(outcome_store.row_of(place, value, last.at, now, f"{JUDGED}{last.judge}"[:200]))
        elif place in present:
            gone.append(place)
    if gone:
        outcome_store.withdraw(tx, endpoint, gone)
    if not rows:
        return 0
    done = outcome_store.record(tx, endpoint, rows)
    return len(rows) - done.repeated


def _verdict(said: Sequence[Row[Any]], task: Task, answer: Any, rule: FeedbackRule) -> Any:
    """Return what all judges say; nothing where they are too few, or not of one mind."""
    found = [each for each in (_value(row, task, answer, rule) for row in said) if each is not _NOTHING]
    if len(found) < rule.judges or any(each != found[0] for each in found):
        return _NOTHING
    return found[0]


def _value(row: Row[Any], task: Task, answer: Any, rule: FeedbackRule) -> Any:
    if row.label is not None and rule.label:
        try:
            return task.outcome(msgspec.json.decode(row.label))
        except InvalidInput:  # what the task does not take says nothing of the truth, and is kept
            return _NOTHING
    is_right = None
    if row.thumb is not None and rule.thumb:
        is_right = row.thumb == "up"
    elif row.rating is not None and rule.rating and row.rating >= rule.rating:
        is_right = True
    if is_right is None or answer is None:
        return _NOTHING
    said = float(answer >= rule.threshold) if task.key == "binary" else answer
    if is_right:
        return task.outcome(said)
    return 1.0 - said if task.key == "binary" else _NOTHING


def _answers(tx: Connection, places: Mapping[RowId, Any]) -> dict[RowId, tuple[Task, Any]]:
    """Return the task of each prediction, and its class, classes or score; None where it has none."""
    found: dict[RowId, tuple[Task, Any]] = {}
    rows: dict[str, list[int]] = {}
    for batch_id, row in places:
        rows.setdefault(batch_id, []).append(row)
    for batch_id, wanted in rows.items():
        batch = store.get(tx, batch_id)
        if batch is None:
            continue
        task = tasks_of(tx, [batch.model_ref])[batch.model_ref]
        columns = payload.answer_of(batch.payload).columns
        name = next((each for each in ("label", "labels", "score") if each in columns), "")
        for row in wanted:
            found[batch_id, row] = task, columns[name][row] if name else None
    return found
