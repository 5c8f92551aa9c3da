"""Feedback about a person, or of one, goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sqlalchemy import Connection, delete, or_, select, tuple_

from meguru.artifacts.erasure import ErasedThing, ErasureSubject
from meguru.base import refs
from meguru.judgements.schema import feedback
from meguru.kernel.operations import Context
from meguru.predictions import erase as predictions
from meguru.predictions import outcome_store
from meguru.predictions.store import chunks

_MAX_PAIRS = 300


def erase(ctx: Context, subject: ErasureSubject, dry_run: bool) -> list[ErasedThing]:  # noqa: FBT001
    """Delete the feedback on predictions about a person, under their key, and what they judged themselves.

    What became of it as an outcome stays, said by nobody.
    """
    endpoints = _endpoints(ctx.tx, subject)
    if not dry_run:
        for some in chunks(endpoints, _MAX_PAIRS):
            ctx.tx.execute(delete(feedback).where(feedback.c.id.in_(some)))
        for judge in subject.values:
            outcome_store.forget_judge(ctx.tx, judge)
    return [
        ErasedThing(ref=refs.make("endpoint", name), what="feedback", rows=count)
        for name, count in sorted(Counter(endpoints.values()).items())
    ]


def _endpoints(tx: Connection, subject: ErasureSubject) -> dict[str, str]:
    """Return the endpoints of their feedback, by its id."""
    mine = feedback.c
    judged = tx.execute(select(mine.batch_id).where(mine.batch_id != "").distinct()).scalars().all()
    query = select(mine.id, mine.endpoint)
    theirs = or_(mine.key.in_(subject.values), mine.judge.in_(subject.values))
    found = {row.id: row.endpoint for row in tx.execute(query.where(theirs))}
    for some in chunks(predictions.rows_about(tx, subject, judged), _MAX_PAIRS):
        about = query.where(tuple_(mine.batch_id, mine.row).in_(some))
        found |= {row.id: row.endpoint for row in tx.execute(about)}
    return found


def values(ctx: Context, column: str) -> Iterator[str]:
    """Give the keys of feedback and who gave it: they may be the value of any column."""
    del column
    with ctx.ws.read() as tx:
        for each in (feedback.c.key, feedback.c.judge):
            yield from tx.execute(select(each).distinct()).scalars()
