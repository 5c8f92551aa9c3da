"""Steps by which things let go of a name before somebody new gets it, and name them anew afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from meguru.applies.order import typed
from meguru.applies.types import PlannedAction, WantedThing
from meguru.kernel.declarations import Change
from meguru.kernel.kinds.kind import kinds, load


def renewed(
    ref: str, names: list[str], before: msgspec.Struct, after: msgspec.Struct, planned: PlannedAction | None
) -> tuple[PlannedAction, PlannedAction]:
    """Return the steps of a thing that names some who were shut out, and are to be declared again.

    What names them is said anew by whoever applies, who needs the right to: nobody gets the rights of
    somebody who was shut out by taking the name. Cut off in between, the next apply goes on: the thing is
    then declared by the file, and not there or not whole.
    """
    plain, wanted = msgspec.to_builtins(before), msgspec.to_builtins(after)
    without = getattr(load(kinds()[ref.partition("/")[0]].spec_store), "without", None)
    pending = f"{', '.join(names)} comes before"
    if without is None:
        return (
            PlannedAction(ref=ref, change=Change.RETIRED, before=plain),
            PlannedAction(ref=ref, change=Change.CREATED, spec=wanted, needs=names[-1], pending=pending),
        )
    less = before
    for name in names:
        less = without(less, name)
    made = planned or PlannedAction(ref=ref, change=Change.UPDATED)
    cut = msgspec.to_builtins(less)
    return (
        PlannedAction(ref=ref, change=Change.UPDATED, spec=cut, before=plain),
        msgspec.structs.replace(made, spec=wanted, before=cut, needs=names[-1], pending=pending),
    )


def with_renewed(
    actions: list[PlannedAction],
    named: Mapping[str, list[str]],
    said: Mapping[str, WantedThing],
    present: Callable[[str], msgspec.Struct | None],
) -> tuple[list[PlannedAction], list[PlannedAction]]:
    """Return what goes before everything, and the actions with those that say it again.

    Parameters
    ----------
    named
        By thing, whom of those it names are to be declared again.
    said
        What the file says of each thing, in its order.
    present
        Gives a thing's present spec.
    """
    by_ref = {each.ref: each for each in actions}
    first = []
    for ref, names in named.items():
        before = present(ref)
        assert before is not None  # noqa: S101 - it names somebody, so it is there
        after = typed(kinds()[said[ref].kind], said[ref].spec)
        early, late = renewed(ref, names, before, after, by_ref.get(ref))
        first.append(early)
        by_ref[ref] = late
    return first, [by_ref[ref] for ref in said if ref in by_ref]
