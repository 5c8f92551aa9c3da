"""Erase a person from text columns of the database: free text is masked, the rest is reported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, LargeBinary, String, Table, false, or_, select, update
from sqlalchemy import cast as as_type

from meguru.artifacts.erasure import ErasedThing, ErasureSubject
from meguru.artifacts.erasure.redaction import TextRedactor
from meguru.artifacts.integrity.sources import every_source
from meguru.base import refs
from meguru.kernel.operations import Context
from meguru.storage.db import Json, metadata

_MASKED = {
    "alert": ("note", "evidence"),
    "answer": ("result",),
    "backfill": ("reason",),
    "backfill_partition": ("reason",),
    "comment": ("text",),
    "dataset_pull": ("note", "error"),
    "earlier_outcome": ("json",),
    "experiment": ("note",),
    "excluded_prediction": ("reason",),
    "feedback": ("comment", "label"),
    "firing": ("evidence", "reason"),
    "incident": ("conclusion",),
    "incident_note": ("text",),
    "job": ("payload", "error"),
    "label_turn": ("label",),
    "logged_model": ("params", "tags"),
    "materialization": ("reason",),
    "mlflow_dataset": ("profile",),
    "mlflow_experiment_tag": ("value",),
    "mlflow_label": ("value",),
    "mlflow_model": ("description", "tags"),
    "mlflow_version": ("description", "tags"),
    "monitor_window": ("error",),
    "notification_dispatch": ("message", "error"),
    "outcome": ("json",),
    "pipeline_approval": ("note", "question"),
    "pipeline_run": ("params", "failed", "metrics"),
    "quarantine": ("evidence", "note", "reason"),
    "run": ("error",),
    "run_param": ("value",),
    "run_tag": ("value",),
    "step_run": ("failed", "reason"),
    "sweep_trial": ("params", "reason"),
    "trigger_dead_letter": ("headers", "body", "reason"),
    "trigger_listener": ("last_error",),
    "waiting_outcome": ("json", "problem"),
    "webhook_delivery": ("error",),
}
"""Columns that hold what arrived, failed, was said or logged: nothing refers to them by what they say."""
_DONE = frozenset({
    "step_log_chunk", "prediction_batch", "prediction_key", "pushed_frame", "dataset_check", "erasure",
    "alembic_version", "erased_blob", "private_blob", "pending_blob", "run_point", "run_chunk",
    "monitor_cell", "uncounted_outcomes", "webhook_secret",
})  # fmt: skip
"""Tables that are searched by their own nouns, are no text, or hold secrets alone."""
_STAYS = "it is part of what things are called, of a declaration, or of the log, which nothing is taken from"


def erase(ctx: Context, subject: ErasureSubject, dry_run: bool) -> list[ErasedThing]:  # noqa: FBT001
    """Mask the person in free text of every table; tell of other text that names them."""
    every_source()  # a process that does one thing has loaded few of the tables
    words, found = TextRedactor(subject), []
    for table in metadata.sorted_tables:
        if table.name in _DONE:
            continue
        free = [table.c[name] for name in _MASKED.get(table.name, ())]
        count = sum(_mask_column(ctx, words, subject, table, column, dry_run=dry_run) for column in free)
        where = refs.make("table", table.name)
        if count:
            found.append(ErasedThing(ref=where, what="places in text", rows=count))
        if count := _count_naming_rows(ctx, words, table, free):
            found.append(ErasedThing(ref=where, what="rows that name them", rows=count, stays=_STAYS))
    subject.places.looked("tables of the database", len(metadata.sorted_tables))
    return found


def _mask_column(
    ctx: Context,
    words: TextRedactor,
    subject: ErasureSubject,
    table: Table,
    column: Column[Any],
    *,
    dry_run: bool,
) -> int:
    total, keys = 0, list(table.primary_key.columns)
    for row in _candidate_rows(ctx, words, subject, column):
        value, count = _masked_value(words, row[-1])
        if count and not dry_run:
            one = [key == each for key, each in zip(keys, row, strict=False)]
            ctx.tx.execute(update(table).where(*one).values({column.name: value}))
        total += count
    return total


def _candidate_rows(
    ctx: Context, words: TextRedactor, subject: ErasureSubject, column: Column[Any]
) -> Iterator[Any]:
    """Give the rows whose text may have the person: the keys, and the text last."""
    keys = list(column.table.primary_key.columns)
    if isinstance(column.type, LargeBinary):  # each may be large, and none can be looked for
        for row in ctx.tx.execute(select(*keys).where(column.is_not(None))).all():
            here = [key == each for key, each in zip(keys, row, strict=True)]
            yield *row, ctx.tx.execute(select(column).where(*here)).scalar_one()
        return
    query = select(*keys, column).where(column.is_not(None))
    yield from ctx.tx.execute(query.where(_may_name(column, [*words.telling, *subject.columns]))).all()


def _may_name(column: Column[Any], texts: list[str]) -> Any:
    plain = as_type(column, String)
    return or_(false(), *(plain.icontains(text, autoescape=True) for text in texts))


def _masked_value(words: TextRedactor, value: Any) -> tuple[Any, int]:
    if isinstance(value, bytes):
        try:
            # Some columns hold text as bytes; what is no UTF-8 is a vector or packed, and is searched by its
            # own noun.
            masked, count = _masked_value(words, value.decode())
        except UnicodeDecodeError:
            return value, 0
        return masked.encode(), count
    if isinstance(value, str) and value.startswith(("[", "{")):
        try:
            left, count = words.without(json.loads(value))
        except (ValueError, RecursionError):
            return words.masked(value)
        return (json.dumps(left, ensure_ascii=False, separators=(",", ":")), count) if count else (value, 0)
    return words.without(value)


def _count_naming_rows(ctx: Context, words: TextRedactor, table: Table, free: list[Column[Any]]) -> int:
    """Count the rows whose other text names the person; a short value is looked for in no name."""
    texts = [
        column
        for column in table.columns
        if isinstance(column.type, String | Json) and all(column is not one for one in free)
    ]
    if not (texts and words.telling):
        return 0
    where = or_(false(), *(_may_name(text, words.telling) for text in texts))
    rows = ctx.tx.execute(select(*texts).where(where))
    return sum(any(words.without([value])[1] for value in row if value is not None) for row in rows)
