"""Compare what a file wants with what is; nothing is written."""

from __future__ import annotations

import msgspec

from meguru.applies import store
from meguru.applies.order import coming, in_order, typed, users_first
from meguru.applies.types import ApplyPlan, OutOfSync, OwnedThing, PlanFault, PlannedAction, WantedThing
from meguru.base import digests, refs
from meguru.base.names import check_full_name
from meguru.errors import InvalidInput, NotFound
from meguru.kernel import declarations
from meguru.kernel.declarations import Change, Declared, SpecStore
from meguru.kernel.kinds.kind import Kind, kinds, load
from meguru.kernel.operations import Context, operation

MAX_THINGS = 10_000


@operation("apply.plan", permission="apply:read", query=True)
def plan(ctx: Context, *, owner: str, wanted: list[WantedThing]) -> ApplyPlan:
    """Say what has to be done so that everything is as a file says.

    What the file owned and does not declare any more is to be retired; what it never owned is left alone.
    Whoever plans needs the right to read each kind of thing that is named.
    """
    owner = file_name(ctx, owner)
    if len(wanted) > MAX_THINGS:
        raise InvalidInput(
            f"{len(wanted):,} things are too many", why=f"{MAX_THINGS:,} are allowed", field="wanted"
        )
    project = ctx.ws.project or ""
    listed = {f"{each.kind}/{refs.within(project, each.name)}" for each in wanted}
    known, theirs = store.owned(ctx.tx, owner), store.owners(ctx.tx, listed)
    numbers = declarations.newest_numbers(ctx)
    actions: list[PlannedAction] = []
    faults: list[PlanFault] = []
    unchanged = 0
    adopts: list[str] = []
    kept: set[str] = set()
    for each in wanted:
        try:
            found = _one(ctx, each, listed)
            _check_owner(found.ref, theirs.get(found.ref, owner), owner)
            found = _with_moves(ctx, found, known.get(found.ref), numbers)
        except InvalidInput as error:
            faults.append(_fault(each, error))
            continue
        kept.add(found.ref)
        if found.change is Change.UNCHANGED:
            unchanged += 1
            if found.ref not in known or found.out_of_sync:
                adopts.append(found.ref)
        else:
            actions.append(found)
    gone = [] if faults else [_retired(ctx, ref) for ref in known if ref not in kept]
    actions = [*in_order(actions), *users_first([each for each in gone if each is not None])]
    return ApplyPlan(
        owner=owner,
        actions=actions,
        unchanged=unchanged,
        owned=sorted(kept),
        adopts=adopts,
        faults=faults,
        digest=digests.of_value([owner, [[a.ref, a.change, a.spec, a.before] for a in actions]]),
    )


def file_name(ctx: Context, owner: str) -> str:
    """Return the name under which a file owns things, with the project in which it is applied before it."""
    return check_full_name("file", refs.within(ctx.ws.project or "", owner), field="owner")


def _check_owner(ref: str, whose: str, owner: str) -> None:
    if whose != owner:
        raise InvalidInput(f"{ref} is declared by another file", why=f"the file {whose!r} owns it")


def _one(ctx: Context, item: WantedThing, listed: set[str]) -> PlannedAction:
    kind, project = declared_kind(item.kind), ctx.ws.project or ""
    name = refs.within(project, item.name)
    ctx.require(
        f"{kind.name}:read", project=refs.project_of(name), why=f"the file declares {kind.name}/{name}"
    )
    specs: SpecStore = load(kind.spec_store)
    before, after, pending, needs = specs.find(ctx.tx, name), typed(kind, item.spec), "", ""
    if before == after:  # it was checked when it was declared
        return PlannedAction(ref=refs.make(kind.name, name), change=Change.UNCHANGED)
    try:
        found = declarations.compare(ctx, kind, name, after)
    except NotFound as error:
        if coming(error, project, listed) is None:
            raise InvalidInput(error.what, why=error.why, hint=error.hint, field=error.field) from None
        pending, needs = error.what, coming(error, project, listed) or ""
        found = _uncompared(kind, name, before, after)
    return PlannedAction(
        ref=found.ref,
        change=found.change,
        fields=found.fields,
        spec=found.spec,
        before=None if before is None else msgspec.to_builtins(before),
        touches=touches(ctx, kind, name, after) if found.change is Change.UPDATED else [],
        pending=pending,
        needs=needs,
    )


def declared_kind(name: str) -> Kind:
    """Return a kind that people declare; NotFound names those there are."""
    found = kinds().get(name)
    if found is None or found.spec is None:
        raise InvalidInput(
            f"there is nothing called {name!r} to declare",
            field=name,
            hint=f"one of {', '.join(sorted(each.name for each in kinds().values() if each.spec))}",
        )
    return found


def touches(ctx: Context, kind: Kind, name: str, after: msgspec.Struct | None = None) -> list[str]:
    """Return in words what is live behind a thing; of most kinds nothing is. `after` is None when it goes."""
    tell = getattr(load(kind.spec_store), "touches", None)
    return list(tell(ctx.tx, name, after)) if tell else []


def _uncompared(kind: Kind, name: str, before: msgspec.Struct | None, after: msgspec.Struct) -> Declared:
    change = Change.CREATED if before is None else Change.UPDATED
    return Declared(ref=refs.make(kind.name, name), change=change, fields=[], spec=msgspec.to_builtins(after))


def _with_moves(
    ctx: Context, found: PlannedAction, mine: OwnedThing | None, numbers: dict[tuple[str, str], int]
) -> PlannedAction:
    """Tell who changed a thing past the file that owns it, if anybody did."""
    kind, _, name = found.ref.partition("/")
    if mine is None or numbers.get((kind, name), 0) <= mine.number:
        return found
    last = declarations.history(ctx, declared_kind(kind), name, 1)[0]
    moved = OutOfSync(by=last.by, at=last.at, event=last.event, retired=last.retired)
    return msgspec.structs.replace(found, out_of_sync=moved)


def _retired(ctx: Context, ref: str) -> PlannedAction | None:
    kind_name, _, name = ref.partition("/")
    kind = declared_kind(kind_name)
    hidden = "the file owns a thing of a project that you may not see"
    ctx.require(f"{kind.name}:read", project=refs.project_of(name), why=hidden)
    specs: SpecStore = load(kind.spec_store)
    before = specs.find(ctx.tx, name)
    if before is None:
        return None  # somebody did so already
    return PlannedAction(
        ref=ref,
        change=Change.RETIRED,
        before=msgspec.to_builtins(before),
        touches=touches(ctx, kind, name),
    )


def _fault(item: WantedThing, error: InvalidInput) -> PlanFault:
    return PlanFault(
        kind=item.kind, name=item.name, field=error.field, what=error.what, why=error.why, hint=error.hint
    )
