"""Declare a spec, say what would change, retire a thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from meguru.base import refs
from meguru.base.names import check_full_name, check_name
from meguru.errors import Conflict, InternalError, NotFound
from meguru.kernel.declarations import store
from meguru.kernel.declarations.types import Change, Declared, FieldChange, SpecStore, SpecVersion
from meguru.kernel.events import Event
from meguru.kernel.kinds.kind import Kind, load
from meguru.kernel.operations.context import Context

_STORE = ("find", "names", "check", "uses", "save", "retire")


def store_of(kind: Kind) -> SpecStore:
    """Return where a kind keeps its specs.

    Raises
    ------
    InternalError
        If the kind has none, or one that is not whole; it names what lacks.
    """
    if not kind.spec_store:
        message = f"kind {kind.name} has no spec"
        raise InternalError(message)
    found: SpecStore = load(kind.spec_store)
    if lacks := [name for name in _STORE if not callable(getattr(found, name, None))]:
        message = f"kind {kind.name}: {kind.spec_store} has no {', '.join(lacks)}"
        raise InternalError(message)
    return found


def compare(ctx: Context, kind: Kind, name: str, spec: msgspec.Struct) -> Declared:
    """Return what `declare` would do; nothing is written."""
    specs = store_of(kind)
    return compare_with(ctx, kind, name, specs.find(ctx.tx, _qualified(kind, name)), spec)


def compare_with(
    ctx: Context, kind: Kind, name: str, before: msgspec.Struct | None, spec: msgspec.Struct
) -> Declared:
    """Return what `declare` would do where a spec (None: none) holds that was looked up already."""
    specs = store_of(kind)
    name = _qualified(kind, name)
    return _diff(kind, name, before, specs.check(ctx, name, spec))


def declare(
    ctx: Context, kind: Kind, name: str, spec: msgspec.Struct, *, expect: dict[str, Any] | None = None
) -> Declared:
    """Make the thing called `name` as `spec` says: create it, change it, or do nothing when it is so.

    Raises
    ------
    Conflict
        If `expect` is given, and the present spec is another one: somebody else changed it meanwhile.
    """
    specs = store_of(kind)
    name = _qualified(kind, name)
    # Checked before the transaction opens where the kind can; compared in the form in which it is stored, so
    # that the same declaration twice is unchanged.
    after = specs.check(ctx, name, spec)
    before = specs.find(ctx.tx, name)
    declared = _diff(kind, name, before, after)
    _check_expected(declared.ref, before, expect)
    if declared.change is Change.UNCHANGED:
        return declared
    specs.save(ctx, name, after)
    event = _emit(ctx, kind, declared, specs.uses(name, after))
    store.add(ctx.tx, kind.name, name, declared.spec, event, retired=False)
    return declared


def retire(ctx: Context, kind: Kind, name: str, *, expect: dict[str, Any] | None = None) -> Declared:
    """Take a thing out of use; its history stays, and its name can be declared again.

    Raises
    ------
    NotFound
        If there is none of this name.
    Conflict
        While something else needs it; or if `expect` is given, and the present spec is another one.
    """
    specs = store_of(kind)
    name = _qualified(kind, name)
    before = specs.find(ctx.tx, name)
    ref = refs.make(kind.name, name)
    if before is None:
        raise NotFound(f"there is no {kind.title[0]} {name!r}", where=ref)
    _check_expected(ref, before, expect)
    specs.retire(ctx, name)
    spec = _to_builtins(before)
    event = ctx.emit(f"{kind.name}.retired", ref, data={})
    store.add(ctx.tx, kind.name, name, spec, event, retired=True)
    return Declared(ref=ref, change=Change.RETIRED, fields=[], spec=spec)


def record(ctx: Context, kind: Kind, name: str, spec: msgspec.Struct, event: Event) -> None:
    """Write down that a spec holds since an event of another operation than `declare`."""
    store.add(ctx.tx, kind.name, name, _to_builtins(spec), event, retired=False)


def history(ctx: Context, kind: Kind, name: str, limit: int) -> list[SpecVersion]:
    """Return the specs that held, newest first."""
    return store.versions(ctx.tx, kind.name, name, limit)


def newest_numbers(ctx: Context, kind: Kind, names: Sequence[str]) -> dict[str, int]:
    """Return by name how many specs of things of a kind have held."""
    return store.newest_numbers(ctx.tx, kind.name, names)


def present_specs(ctx: Context, kind: Kind, names: Sequence[str]) -> dict[str, msgspec.Struct]:
    """Return by name the present specs of things of a kind; what is not there is left out."""
    specs = store_of(kind)
    many = getattr(specs, "find_many", None)
    if many is None:
        found = {name: specs.find(ctx.tx, name) for name in names}
        return {name: spec for name, spec in found.items() if spec is not None}
    present: dict[str, msgspec.Struct] = {}
    for start in range(0, len(names), store.CHUNK):
        present |= many(ctx.tx, names[start : start + store.CHUNK])
    return present


def _check_expected(ref: str, before: msgspec.Struct | None, expect: dict[str, Any] | None) -> None:
    # Optimistic concurrency: a plan was made some time ago, and is carried out only on what it saw.
    if expect is not None and expect != (_to_builtins(before) if before is not None else {}):
        raise Conflict(
            f"{ref} is not as it was when you looked",
            where=ref,
            why="its declaration was changed meanwhile",
            hint="look again, then declare it",
        )


def _qualified(kind: Kind, name: str) -> str:
    bare = name.removeprefix(f"{kind.name}/")
    return check_full_name(kind.name, bare) if kind.has_projects else check_name(kind.name, bare)


def _diff(kind: Kind, name: str, before: msgspec.Struct | None, after: msgspec.Struct) -> Declared:
    old, new = {} if before is None else _to_builtins(before), _to_builtins(after)
    fields = [
        FieldChange(field=field, before=old.get(field), after=value)
        for field, value in new.items()
        if before is None or old.get(field) != value
    ]
    change = Change.CREATED if before is None else Change.UPDATED if fields else Change.UNCHANGED
    return Declared(ref=refs.make(kind.name, name), change=change, fields=fields, spec=new)


def _emit(ctx: Context, kind: Kind, found: Declared, used: list[str]) -> Event:
    if found.change is Change.CREATED:
        return ctx.emit(f"{kind.name}.created", found.ref, data=found.spec, used=used)
    changes = {change.field: {"before": change.before, "after": change.after} for change in found.fields}
    return ctx.emit(f"{kind.name}.updated", found.ref, data={"changes": changes}, used=used)


def _to_builtins(spec: msgspec.Struct) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(spec)
    return plain
