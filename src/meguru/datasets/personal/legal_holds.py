"""Legal holds: what is held is not erased, and that is asked before anything irreversible."""

from __future__ import annotations

from collections.abc import Iterable

from meguru.artifacts.erasure import ErasedThing, ErasureSubject
from meguru.artifacts.holds.store import check_free, held, in_force
from meguru.base import refs
from meguru.datasets.spec import spec_of
from meguru.kernel.operations import Context
from meguru.kernel.operations.subject import project_of_subject


def check_person(ctx: Context, subject: ErasureSubject) -> None:
    """Refuse to erase who is held."""
    if why := in_force(ctx.tx, ctx.now()).of_person(ctx.ws, subject.who):
        raise held("the person", why)


def check_dataset(ctx: Context, name: str) -> None:
    """Refuse to erase from a dataset that is held."""
    ref = refs.make("dataset", name)
    if why := spec_of(ctx.tx, name).hold:
        hint = "nothing is erased while it holds: take `hold` out of its declaration first"
        raise held(ref, why, hint)
    check_free(ctx.tx, ctx.now(), ref, refs.project_of(name))


def check_found(ctx: Context, found: Iterable[ErasedThing]) -> None:
    """Refuse to erase what was found where something is held."""
    # In the transaction that erases: a hold that is placed later waits for it.
    holds = in_force(ctx.tx, ctx.now())
    for ref in {thing.ref for thing in found} if holds.are_of_things else ():
        if why := holds.of_thing(ref, project_of_subject(ctx.tx, ref)):
            raise held(ref, why)


def is_anything_held(ctx: Context) -> bool:
    """Tell whether a hold stands that is about something else than a person."""
    return in_force(ctx.tx, ctx.now()).are_of_things
