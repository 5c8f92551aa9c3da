"""The specs of checkpoints: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import msgspec
from sqlalchemy import Connection

from meguru.audit.checkpoints import store
from meguru.audit.checkpoints.kind import CheckpointSpec
from meguru.audit.checkpoints.places import place_of
from meguru.base import durations
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context

_MAX_PLACES, _MAX_PLACE, _MAX_EVENTS = 10, 500, 10_000_000
_MIN_SECONDS = 5.0


def find(tx: Connection, name: str) -> CheckpointSpec | None:
    """Return the present spec; None if there is no such checkpoint."""
    return store.declared(tx).get(name)


def names(tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
    """Return the names of all: the log is one for all projects."""
    del projects
    return list(store.declared(tx))


def check(ctx: Context, name: str, spec: CheckpointSpec) -> CheckpointSpec:
    """Return the spec with each place once; refuse a place that could never be written to."""
    del name
    if not spec.to:
        hint = 'to = ["file:/srv/vault/meguru.checkpoints"]'
        raise InvalidInput("a checkpoint is written somewhere", field="to", hint=hint)
    if len(spec.to) > _MAX_PLACES:
        raise InvalidInput(f"a checkpoint has at most {_MAX_PLACES} places", field="to")
    for index, place in enumerate(spec.to):
        if len(place) > _MAX_PLACE:
            raise InvalidInput(f"a place has at most {_MAX_PLACE} characters", field=f"to[{index}]")
        place_of(place, ctx.settings, field=f"to[{index}]")
    if durations.length(spec.every, field="every") < _MIN_SECONDS:
        raise InvalidInput(f"every is at least {_MIN_SECONDS:g} seconds", field="every", hint='every = "10m"')
    if not 1 <= spec.events <= _MAX_EVENTS:
        raise InvalidInput(f"events is 1 to {_MAX_EVENTS:,}", field="events")
    return msgspec.structs.replace(spec, to=list(dict.fromkeys(spec.to)))


def uses(name: str, spec: CheckpointSpec) -> list[str]:
    """Return nothing: a checkpoint names no other thing."""
    del name, spec
    return []


def save(ctx: Context, name: str, spec: CheckpointSpec) -> None:
    """Write the spec."""
    store.put(ctx.tx, name, spec, ctx.now())


def retire(ctx: Context, name: str) -> None:
    """Write there no more; what was signed and written stays."""
    store.remove(ctx.tx, name)
