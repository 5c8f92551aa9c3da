"""What people say of models: see `meguru.kernel.declarations.SpecStore`.

Every registered model has a spec, if an empty one. Its description and tags are those that clients of other
protocols see and set.
"""

from __future__ import annotations

import math
from collections.abc import Set as AbstractSet

import msgspec
from sqlalchemy import Connection, insert, or_, select, update

from meguru.base import refs
from meguru.base.names import check_full_name
from meguru.errors import Conflict, InvalidInput
from meguru.kernel.kinds import provided
from meguru.kernel.operations import Context
from meguru.kernel.projects import condition
from meguru.registry import store, tags_index
from meguru.registry.kind import ModelSpec
from meguru.registry.schema import model_description, registered_model
from meguru.registry.stages import check_rules
from meguru.registry.usage import LIVE, USERS

MAX_ENTRIES = 100
MAX_LENGTH = {"description": 100_000, "owner": 200}
MAX_KEY, MAX_VALUE = 250, 100_000


def find(tx: Connection, name: str) -> ModelSpec | None:
    """Return the present spec; None if there is no such model, or it is retired."""
    mine = registered_model.c
    query = select(mine.name).where(mine.name == name, mine.retired_at.is_(None), mine.is_prompt.is_(False))
    if tx.execute(query).first() is None:
        return None
    model = store.about(tx, name)
    spec = msgspec.convert(model, ModelSpec, from_attributes=True)
    return msgspec.structs.replace(spec, group=refs.relative_to(refs.project_of(name), spec.group))


def names(tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
    """Return the names of the models of some projects (None: of all) of which something is said, sorted.

    One with a name that only another protocol allows is left out: nobody could declare it.
    """
    mine = registered_model.c
    is_said = or_(
        mine.owner != "",
        mine.use_case != "",
        mine.baselines != {},
        mine.stages != [],
        model_description.c.description != "",
        model_description.c.tags != {},
    )
    query = (
        select(mine.name)
        .join(model_description, model_description.c.name == mine.name, isouter=True)
        .where(is_said, mine.retired_at.is_(None), mine.is_prompt.is_(False), condition(mine.name, projects))
        .order_by(mine.name)
    )
    return [name for name in tx.execute(query).scalars() if _can_be_declared(name)]


def _can_be_declared(name: str) -> bool:
    try:
        return check_full_name("model", name) == name
    except InvalidInput:
        return False


def check(ctx: Context, name: str, spec: ModelSpec) -> ModelSpec:
    """Return the spec with its group in full; refuse what is too long, or is no number."""
    del ctx
    for field, longest in MAX_LENGTH.items():
        if len(getattr(spec, field)) > longest:
            raise InvalidInput(f"the {field} is too long", field=field, why=f"up to {longest:,} characters")
    for field in ("tags", "baselines"):
        if len(getattr(spec, field)) > MAX_ENTRIES:
            raise InvalidInput(
                f"there are too many {field}", field=field, why=f"up to {MAX_ENTRIES} are possible"
            )
    for key, value in spec.tags.items():
        if not 0 < len(key) <= MAX_KEY or len(value) > MAX_VALUE:
            why = f"up to {MAX_KEY} characters name one, up to {MAX_VALUE:,} are its value"
            raise InvalidInput(f"the tag {key[:60]!r} is too long, or has no name", field="tags", why=why)
    for key, number in spec.baselines.items():
        if not key or len(key) > MAX_KEY or not math.isfinite(number):
            raise InvalidInput(f"the baseline {key[:60]!r} is no number of a metric", field="baselines")
    check_rules(spec.stages, spec.baselines)
    if not spec.group:
        return spec
    project = refs.project_of(name)
    group = check_full_name("group", refs.within(project, spec.group), field="group")
    if refs.project_of(group) != project:
        raise InvalidInput("a group is of its models' project", field="group", hint=refs.bare(group))
    return msgspec.structs.replace(spec, group=refs.relative_to(project, group))


def uses(name: str, spec: ModelSpec) -> list[str]:
    """Return nothing: what is said of a model is made from nothing."""
    del name, spec
    return []


def save(ctx: Context, name: str, spec: ModelSpec) -> None:
    """Write the spec; a model that is not there yet gets its name, without a version."""
    # It makes the row if need be, and holds it: a spec and a version at once come one after the other.
    store.lock(ctx.tx, name, ctx.now())
    said = {"description": spec.description, "tags": spec.tags, "updated_at": ctx.now()}
    known = ctx.tx.execute(
        update(model_description).where(model_description.c.name == name).values(said)
    ).rowcount
    is_told = bool(known or spec.description or spec.tags)
    if is_told and not known:
        ctx.tx.execute(insert(model_description).values(name=name, created_at=ctx.now(), **said))
    if is_told:
        tags_index.keep(ctx.tx, tags_index.MODEL, name, spec.tags)
    ours = {
        "owner": spec.owner,
        "use_case": refs.within(refs.project_of(name), spec.group) if spec.group else "",
        "baselines": spec.baselines,
        "stages": spec.stages,
        "retired_at": None,
    }
    mark = {"has_mlflow_row": True} if is_told else {}
    ctx.tx.execute(update(registered_model).where(registered_model.c.name == name).values(ours | mark))


def retire(ctx: Context, name: str) -> None:
    """Take a model out of use: it is in no list any more, and its versions stay.

    Raises
    ------
    Conflict
        While a version of it answers somewhere.
    """
    family = provided(USERS)
    for member in family.names():
        for use in family.load(member)(ctx.tx, name):
            if use.how == LIVE:
                raise Conflict(
                    f"{use.version or name} answers at {use.ref}",
                    where=refs.make("model", name),
                    hint="retire what uses it first",
                )
    mine = registered_model.c.name == name
    ctx.tx.execute(update(registered_model).where(mine).values(retired_at=ctx.now()))
