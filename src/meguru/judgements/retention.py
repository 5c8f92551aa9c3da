"""Retention of feedback: what became of it as an outcome stays as long as the prediction does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, select

from meguru.base import refs
from meguru.judgements.schema import feedback
from meguru.kernel.operations import Context

MAX_ROWS = 500


class FeedbackRecords:
    """Feedback at an endpoint, by when it was recorded."""

    what = "feedback"

    def about(self, tx: Connection) -> Iterable[str]:
        """Return the endpoints that have any."""
        return [
            refs.make("endpoint", each)
            for each in tx.execute(select(feedback.c.endpoint).distinct()).scalars()
        ]

    def older(self, tx: Connection, ref: str, before: datetime) -> tuple[int, int]:
        """Return how much feedback there is from before a moment, and the bytes of its words."""
        words = func.coalesce(func.length(feedback.c.comment), 0) + func.coalesce(
            func.length(feedback.c.label), 0
        )
        query = select(func.count(), func.coalesce(func.sum(words), 0)).where(_old(ref, before))
        rows, size = tx.execute(query).one()
        return int(rows), int(size)

    # In pieces: the caller commits after each, so that nobody waits for the lock of a year's feedback.
    def remove(self, ctx: Context, ref: str, before: datetime) -> tuple[int, int]:
        """Remove some of it, the oldest first."""
        mine = feedback.c
        words = func.coalesce(func.length(mine.comment), 0) + func.coalesce(func.length(mine.label), 0)
        query = select(mine.id, words).where(_old(ref, before)).order_by(mine.recorded_at).limit(MAX_ROWS)
        rows = ctx.tx.execute(query).all()
        ctx.tx.execute(delete(feedback).where(mine.id.in_([row[0] for row in rows])))
        return len(rows), sum(row[1] for row in rows)


def _old(ref: str, before: datetime) -> ColumnElement[bool]:
    return (feedback.c.endpoint == refs.parse(ref).name) & (feedback.c.recorded_at < before)


def records() -> dict[str, FeedbackRecords]:
    """Return what obeys the rules of retention."""
    return {"feedback": FeedbackRecords()}
