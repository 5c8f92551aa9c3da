"""Erase a person from the rows that are shown of expectations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import select, update

from meguru.artifacts.erasure import ErasedThing, ErasureSubject
from meguru.base import refs
from meguru.datasets.expectations.evaluate import HIDDEN
from meguru.datasets.expectations.schema import dataset_check
from meguru.datasets.expectations.types import ExpectationResult
from meguru.kernel.operations import Context

_PAGE = 200


def erase_shown(ctx: Context, subject: ErasureSubject, dry_run: bool) -> list[ErasedThing]:  # noqa: FBT001 - the family's
    """Take the person's rows away, and those whose column is hidden, since nobody can tell whose they are."""
    mine = dataset_check.c
    counts: dict[str, int] = {}
    for row in _checks(ctx):
        results = msgspec.convert(row.results, list[ExpectationResult])
        left = [_without(result, subject) for result in results]
        gone = sum(len(old.sample) - len(new.sample) for old, new in zip(results, left, strict=True))
        if not gone:
            continue
        counts[row.name] = counts.get(row.name, 0) + gone
        if not dry_run:
            kept = msgspec.to_builtins(left)
            ctx.tx.execute(update(dataset_check).where(mine.id == row.id).values(results=kept))
    return [
        ErasedThing(ref=refs.make("dataset", name), what="rows shown of expectations", rows=count)
        for name, count in sorted(counts.items())
    ]


def _checks(ctx: Context) -> Iterator[Any]:
    """Yield what is kept of all checks, some at a time: their rows may be changed meanwhile."""
    mine, last = dataset_check.c, ""
    query = select(mine.id, mine.name, mine.results).order_by(mine.id).limit(_PAGE)
    while rows := ctx.tx.execute(query.where(mine.id > last)).all():
        yield from rows
        last = rows[-1].id


def _without(result: ExpectationResult, subject: ErasureSubject) -> ExpectationResult:
    left = [
        row
        for row in result.sample
        if not any(
            row.get(column) == HIDDEN or subject.is_value(column, row.get(column))
            for column in subject.columns
        )
    ]
    return msgspec.structs.replace(result, sample=left)
