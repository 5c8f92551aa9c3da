"""Refuse limits, filters and keys that make no sense, before a trigger waits in vain."""

from __future__ import annotations

import math
from collections.abc import Iterable

from meguru.base.expressions import PlainExpression
from meguru.errors import InvalidInput, near_misses
from meguru.kernel.kinds import event_types
from meguru.kernel.operations import Context
from meguru.triggers.event_fields import EVENT_FIELDS
from meguru.triggers.kind import TriggerSpec
from meguru.triggers.kinds import TriggerKind

MAX_SECONDS = 366 * 86_400.0


def check_limits(spec: TriggerSpec) -> None:
    """Refuse numbers that are no limit."""
    for field in ("cooldown", "debounce", "debounce_max"):
        value = getattr(spec, field)
        if value is not None and not (math.isfinite(value) and 0 <= value <= MAX_SECONDS):
            raise InvalidInput(f"{field} is 0 seconds to a year", field=field, why=f"it is {value}")
    if spec.debounce_max is not None and spec.debounce_max < spec.debounce:
        raise InvalidInput("debounce_max is the longest wait, and debounce is more", field="debounce_max")
    if spec.max_per_day is not None and spec.max_per_day < 1:
        raise InvalidInput(
            "max_per_day is one or more", field="max_per_day", hint="pause the trigger instead"
        )
    if spec.budget is not None:
        given = [each for each in (spec.budget.runs, spec.budget.seconds) if each is not None]
        if not given or not all(math.isfinite(each) and each > 0 for each in given):
            raise InvalidInput(
                "a budget is a number of runs or of seconds",
                field="budget",
                hint='{ runs = 10, per = "month" }',
            )


def check_conditions(ctx: Context, kind: TriggerKind, spec: TriggerSpec) -> None:
    """Refuse a filter or key that can't be read, or that asks for what no event of this kind has."""
    by_calendar = kind.next_due(ctx.now()) is not None
    for field in ("filter", "key", "debounce"):
        if by_calendar and getattr(spec, field):
            raise InvalidInput(
                f"a calendar has no {field}", field=field, why="it is asked of events", hint="leave it out"
            )
    for field in ("filter", "key"):
        if text := getattr(spec, field):
            _check_paths(PlainExpression(text, field=field).paths, _payloads(kind), field)


def _payloads(kind: TriggerKind) -> list[frozenset[str]] | None:
    """Return the fields of each payload that may come; None when that may be any, as of undeclared types."""
    matched = [each.payload for name, each in event_types().items() if kind.may_match(name)]
    if not matched or not all(each.__struct_config__.forbid_unknown_fields for each in matched):
        return None
    return [frozenset(each.__struct_fields__) for each in matched]


def _check_paths(paths: Iterable[tuple[str, ...]], payloads: list[frozenset[str]] | None, field: str) -> None:
    if payloads is None:
        return
    known = frozenset().union(*payloads)
    for path in paths:
        asked = path[1] if path[0] == "data" and len(path) > 1 else path[0]
        if asked in known or (path[0] in EVENT_FIELDS and path[0] != "data") or path == ("data",):
            continue
        close = near_misses(asked, [*known, *EVENT_FIELDS])
        listed = ", ".join(sorted(known)[:12])
        raise InvalidInput(
            f"no event that this trigger waits for has {asked!r}",
            field=field,
            why=f"their data has {listed or 'nothing'}; beside it there are {', '.join(EVENT_FIELDS)}",
            hint=f"did you mean {close[0]!r}?" if close else "",
        )
