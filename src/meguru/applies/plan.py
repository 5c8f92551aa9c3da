"""Compare what a file wants with what is; nothing is written."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import msgspec

from meguru.applies import store
from meguru.applies.order import field_of, in_order, missing, refusal, typed, users_first
from meguru.applies.renew import with_renewed
from meguru.applies.types import ApplyPlan, OutOfSync, OwnedThing, PlanFault, PlannedAction, WantedThing
from meguru.base import digests, refs
from meguru.base.names import check_full_name, normal
from meguru.errors import InvalidInput, NotFound
from meguru.kernel import declarations
from meguru.kernel.declarations import Change, Declared, StillNamed
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
    listed = {
        refs.make(wanted_thing.kind, refs.within(project, normal(wanted_thing.name)))
        for wanted_thing in wanted
    }
    things, theirs = store.owned(ctx.tx, owner), store.owners(ctx.tx, listed)
    present = _Present(ctx, listed | set(things))
    actions: list[PlannedAction] = []
    faults: list[PlanFault] = []
    unchanged = 0
    named: dict[str, list[str]] = {}
    said: dict[str, WantedThing] = {}
    adopts: list[str] = []
    kept: set[str] = set()
    for thing in wanted:
        try:
            action = _plan_one(ctx, thing, listed, present, named)
            _check_owner(action.ref, theirs.get(action.ref, owner), owner)
            action = _with_moves(ctx, action, things.get(action.ref), present)
        except InvalidInput as error:
            faults.append(_fault(thing, error))
            continue
        kept.add(action.ref)
        said[action.ref] = thing
        if action.change is Change.UNCHANGED:
            unchanged += 1
            if action.ref not in things or action.out_of_sync:
                adopts.append(action.ref)
        else:
            actions.append(action)
    # With faults nothing is retired: a thing that could not be read is not one that is not declared.
    gone = [] if faults else [_retired(ctx, mine, present) for ref, mine in things.items() if ref not in kept]
    faults += _still_needed(wanted, project, {each.ref for each in gone if each is not None})
    unchanged -= len(named.keys() - {each.ref for each in actions})
    first, actions = with_renewed(actions, {} if faults else named, said, present.spec)
    actions = [*first, *in_order(actions), *users_first([each for each in gone if each is not None])]
    return ApplyPlan(
        owner=owner,
        actions=actions,
        unchanged=unchanged,
        owned=sorted(kept),
        adopts=adopts,
        faults=faults,
        digest=digests.of_value([owner, [[a.ref, a.change, a.spec, a.before] for a in actions]]),
        seen=store.progress_of(ctx.tx, owner),
    )


def file_name(ctx: Context, owner: str) -> str:
    """Return the name under which a file owns things, with the project in which it is applied before it."""
    return check_full_name("file", refs.within(ctx.ws.project or "", owner), field="owner")


def _check_owner(ref: str, whose: str, owner: str) -> None:
    if whose != owner:
        raise InvalidInput(f"{ref} is declared by another file", why=f"the file {whose!r} owns it")


class _Present:
    """What there is now of the things of a plan, asked kind by kind."""

    def __init__(self, ctx: Context, listed: AbstractSet[str]) -> None:
        self._specs: dict[str, msgspec.Struct] = {}
        self._numbers: dict[str, int] = {}
        by_kind: dict[str, list[str]] = {}
        for ref in listed:
            kind, _, name = ref.partition("/")
            by_kind.setdefault(kind, []).append(name)
        for kind, names in by_kind.items():
            found = kinds().get(kind)
            if found is None or found.spec is None:
                continue  # who declares it is told when its turn comes
            specs = declarations.present_specs(ctx, found, sorted(names))
            self._specs |= {refs.make(kind, name): spec for name, spec in specs.items()}
            numbers = declarations.newest_numbers(ctx, found, sorted(names))
            self._numbers |= {refs.make(kind, name): number for name, number in numbers.items()}

    def spec(self, ref: str) -> msgspec.Struct | None:
        """Return the present spec of a thing; None if there is none."""
        return self._specs.get(ref)

    def number(self, ref: str) -> int:
        """Return how many specs of a thing have held."""
        return self._numbers.get(ref, 0)


def _plan_one(
    ctx: Context,
    item: WantedThing,
    listed: AbstractSet[str],
    present: _Present,
    named: dict[str, list[str]],
) -> PlannedAction:
    kind, project = declared_kind(item.kind), ctx.ws.project or ""
    name = refs.within(project, normal(item.name))
    ctx.require(
        f"{kind.name}:read", project=refs.project_of(name), why=f"the file declares {kind.name}/{name}"
    )
    before, after = present.spec(refs.make(kind.name, name)), typed(kind, item.spec)
    pending, needs = "", ""
    if before == after:  # it was checked when it was declared
        return PlannedAction(ref=refs.make(kind.name, name), change=Change.UNCHANGED)
    try:
        declared = declarations.compare_with(ctx, kind, name, before, after)
    except NotFound as error:
        # What is missing may be what the same file declares: then that step goes first.
        needs = missing(error, project)
        if needs not in listed:
            raise refusal(error, needs, item.spec, listed) from None
        pending = error.what
        declared = _uncompared(kind, name, before, after)
    except StillNamed as error:
        if not set(error.refs) <= listed:
            raise  # something that the file does not declare would give the new one its rights
        for ref in error.refs:
            named.setdefault(ref, []).append(refs.make(kind.name, name))
        declared = _uncompared(kind, name, before, after)
    return PlannedAction(
        ref=declared.ref,
        change=declared.change,
        fields=declared.fields,
        spec=declared.spec,
        before=None if before is None else msgspec.to_builtins(before),
        touches=touches(ctx, kind, name, after) if declared.change is Change.UPDATED else [],
        pending=pending,
        needs=needs,
    )


def declared_kind(name: str) -> Kind:
    """Return a kind that people declare; NotFound names those there are."""
    kind = kinds().get(name)
    if kind is None or kind.spec is None:
        raise InvalidInput(
            f"there is nothing called {name!r} to declare",
            field=name,
            hint=f"one of {', '.join(sorted(each.name for each in kinds().values() if each.spec))}",
        )
    return kind


def touches(ctx: Context, kind: Kind, name: str, after: msgspec.Struct | None = None) -> list[str]:
    """Return in words what is live behind a thing; of most kinds nothing is. `after` is None when it goes."""
    tell = getattr(load(kind.spec_store), "touches", None)
    return list(tell(ctx.tx, name, after)) if tell else []


def _uncompared(kind: Kind, name: str, before: msgspec.Struct | None, after: msgspec.Struct) -> Declared:
    change = Change.CREATED if before is None else Change.UPDATED
    return Declared(ref=refs.make(kind.name, name), change=change, fields=[], spec=msgspec.to_builtins(after))


def _with_moves(
    ctx: Context, found: PlannedAction, mine: OwnedThing | None, present: _Present
) -> PlannedAction:
    """Tell who changed a thing past the file that owns it, if anybody did."""
    if mine is None or present.number(found.ref) <= mine.number:
        return found
    kind, _, name = found.ref.partition("/")
    last = declarations.history(ctx, declared_kind(kind), name, 1)[0]
    moved = OutOfSync(by=last.by, at=last.at, event=last.event, retired=last.retired)
    return msgspec.structs.replace(found, out_of_sync=moved)


def _retired(ctx: Context, mine: OwnedThing, present: _Present) -> PlannedAction | None:
    kind_name, _, name = mine.ref.partition("/")
    kind = declared_kind(kind_name)
    hidden = "the file owns a thing of a project that you may not see"
    ctx.require(f"{kind.name}:read", project=refs.project_of(name), why=hidden)
    before = present.spec(mine.ref)
    if before is None:
        return None  # somebody did so already
    action = PlannedAction(
        ref=mine.ref,
        change=Change.RETIRED,
        before=msgspec.to_builtins(before),
        touches=touches(ctx, kind, name),
    )
    return _with_moves(ctx, action, mine, present)


def _still_needed(wanted: list[WantedThing], project: str, gone: AbstractSet[str]) -> list[PlanFault]:
    """Return what the file declares though it needs a thing that is to be retired."""
    found = []
    for item in wanted if gone else ():
        kind, name = declared_kind(item.kind), refs.within(project, normal(item.name))
        specs = declarations.store_of(kind)
        for ref in specs.uses(name, typed(kind, item.spec)):
            if ref in gone:
                what = f"{kind.name}/{item.name} needs {ref}, which the file does not declare any more"
                field = field_of(item.spec, {ref.partition("/")[2], refs.bare(ref.partition("/")[2])})
                hint = "declare both, or neither"
                found.append(PlanFault(kind=item.kind, name=item.name, field=field, what=what, hint=hint))
    return found


def _fault(item: WantedThing, error: InvalidInput) -> PlanFault:
    return PlanFault(
        kind=item.kind, name=item.name, field=error.field, what=error.what, why=error.why, hint=error.hint
    )
