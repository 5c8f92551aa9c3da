"""Start, cancel, show and list materializations."""

from __future__ import annotations

from datetime import datetime

from meguru.base import refs
from meguru.base.ids import new_id
from meguru.base.paging import Page, check_limit
from meguru.errors import Conflict, InvalidInput
from meguru.features import store as views
from meguru.features.materialization import store
from meguru.features.materialization.types import FINAL, Materialization, MaterializationState
from meguru.features.pinning import chosen
from meguru.features.types import FeatureViewVersion
from meguru.kernel import jobs
from meguru.kernel.operations import Context, operation

ATTEMPTS = 10
"""How often a worker may die under it: each time it got somewhere."""


@operation(
    "materialization.start",
    permission="materialization:start",
    on="view",
    refers={"view": "feature_view"},
)
def start(
    ctx: Context,
    *,
    view: str,
    full: bool = False,
    since: datetime | None = None,
    as_of: datetime | None = None,
) -> Materialization:
    """Bring what is online of a view up to date with its sources; a worker does it.

    Only what changed is written; with `full` all that the store has is compared. `as_of` is the moment whose
    values are brought online (now, and never one before what is online already); with `since` only those of
    entities whose value holds from then or later. Without a version it is the newest one. If the same
    is under way, that is returned.

    Raises
    ------
    InvalidInput
        If the view's values are computed when somebody asks.
    """
    version = views.view(ctx.tx, view, ctx.readable)
    if version.definition.form == "on_demand":
        why = "its values are computed when somebody asks"
        raise InvalidInput(f"nothing of {version.ref} is kept online", why=why, field="view")
    under_way = store.running(ctx.tx, version.name, version.version)
    if under_way is not None and (under_way.full or not full):
        return under_way
    if under_way is not None:
        raise Conflict(f"{version.ref} is being brought online", why=under_way.ref, hint="wait for that")
    return _started(ctx, version, full=full, since=since, as_of=as_of)


def _started(
    ctx: Context, version: FeatureViewVersion, *, full: bool, since: datetime | None, as_of: datetime | None
) -> Materialization:
    (pinned,) = chosen(ctx, refs.project_of(version.name), version.ref).views
    now, state = ctx.now(), store.online(ctx.tx, version.name, version.version)
    moment = min(as_of, now) if as_of else now
    if state is not None and state.as_of is not None:
        # What is online never goes back in time: a store that keeps the newest row would refuse the older
        # ones.
        moment = max(moment, state.as_of)
    if since is not None and since > moment:
        raise InvalidInput("it begins after it ends", field="since", why=f"{since} is after {moment}")
    made_id = new_id("mat")
    ref = refs.make("materialization", made_id)
    event = ctx.emit(
        "materialization.started",
        ref,
        data={"view": version.ref, "full": full, "as_of": moment.isoformat()},
        used=[version.ref, *(dataset.ref for dataset in pinned.datasets.values())],
        produced=[ref],
        project=refs.project_of(version.name),
    )
    job = jobs.enqueue(
        ctx,
        kind="materialization",
        key=made_id,
        payload={"materialization": made_id, "folded": state.folded if state else 0},
        cause=event.id,
        max_attempts=ATTEMPTS,
        lane=f"materialization:{version.name}@{version.version}",
    )
    materialization = Materialization(
        id=made_id,
        ref=ref,
        view=version.ref,
        datasets=pinned.datasets,
        as_of=moment,
        since=since,
        full=full or _was_cut_off(ctx, version),
        state=MaterializationState.RUNNING,
        job=job.id,
        created_at=now,
        created_by=ctx.principal.name,
    )
    store.add(ctx.tx, materialization)
    return materialization


def _was_cut_off(ctx: Context, version: FeatureViewVersion) -> bool:
    """Tell whether the work before left the store in a state that nobody wrote down."""
    last = store.newest(ctx.tx, version.name, version.version)
    return last is not None and last.state in FINAL and last.state is not MaterializationState.SUCCEEDED


@operation("materialization.cancel", permission="materialization:cancel", on="materialization")
def cancel(ctx: Context, *, materialization: str) -> Materialization:
    """Stop bringing a view online; what was written stays, and the next time everything is compared."""
    found = store.get(ctx.tx, materialization)
    if found.state in FINAL:
        raise Conflict(f"{found.ref} is over", why=f"it {found.state.value}")
    jobs.cancel(ctx.tx, "materialization", found.id, ctx.now())
    store.change(ctx.tx, found.id, state=MaterializationState.CANCELLED.value, finished_at=ctx.now())
    ctx.emit(
        "materialization.cancelled",
        found.ref,
        data={"view": found.view},
        project=refs.project_of(refs.parse(found.view).name),
    )
    return store.get(ctx.tx, found.id)


@operation("materialization.show", permission="materialization:read", query=True, on="materialization")
def show(ctx: Context, *, materialization: str) -> Materialization:
    """Show how far it is to bring a view online."""
    return store.get(ctx.tx, materialization)


@operation(
    "materialization.list", permission="materialization:read", query=True, refers={"view": "feature_view"}
)
def list_materializations(
    ctx: Context, *, view: str = "", limit: int = 50, cursor: str = ""
) -> Page[Materialization]:
    """List what was done to bring views online, newest first."""
    check_limit(limit)
    name = refs.parse(view, kind="feature_view").name if view else ""
    materializations = store.page(ctx.tx, view=name, before=cursor, limit=limit + 1, projects=ctx.visible)
    return Page(
        items=materializations[:limit],
        next_cursor=materializations[limit - 1].id if len(materializations) > limit else "",
    )
