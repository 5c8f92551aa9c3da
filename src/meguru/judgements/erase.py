"""Feedback about a person goes."""

from __future__ import annotations

from sqlalchemy import delete, select

from meguru.artifacts.erasure import ErasedThing, ErasureSubject
from meguru.base import refs
from meguru.judgements.schema import feedback
from meguru.kernel.operations import Context


def erase(ctx: Context, subject: ErasureSubject, dry_run: bool) -> list[ErasedThing]:  # noqa: FBT001
    """Delete the feedback that was given under a person's key."""
    endpoints = list(
        ctx.tx.execute(select(feedback.c.endpoint).where(feedback.c.key == subject.value)).scalars()
    )
    if endpoints and not dry_run:
        ctx.tx.execute(delete(feedback).where(feedback.c.key == subject.value))
    return [
        ErasedThing(ref=refs.make("endpoint", name), what="feedback", rows=endpoints.count(name))
        for name in sorted(set(endpoints))
    ]
