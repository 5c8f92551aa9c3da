"""Put a release live."""

import msgspec

from meguru.base import refs
from meguru.errors import Conflict, GateFailed
from meguru.governance.code_policy.check import check_commit
from meguru.governance.log_time import log_time
from meguru.kernel.events import Event
from meguru.kernel.operations import Context, operation
from meguru.pipelines import store as pipelines
from meguru.pipelines.deployments import deployed
from meguru.pipelines.deployments.deploy import put_live as deploy
from meguru.registry import store as models
from meguru.registry.alias_moves import CHAMPION, point
from meguru.releases import store
from meguru.releases.resolve import as_now
from meguru.releases.review.promotion import must_be_reviewed
from meguru.releases.serving import with_serving
from meguru.releases.staleness import check_unchanged
from meguru.releases.types import Release, ReleaseState
from meguru.releases.waivers import check_waivers, record_waivers, with_waivers
from meguru.serving import store as endpoints
from meguru.serving.operations import switch
from meguru.serving.types import Endpoint


@operation("release.promote", permission="release:promote", on="release")
def promote(ctx: Context, *, release: str, reason: str = "") -> Release:
    """Put a release live that passed its gates; the model that was live is kept for a rollback.

    The servers take it up after this. `serving` in the answer says what they do now, and that nobody serves
    it when none is up.

    Raises
    ------
    GateFailed
        If its gates refused it.
    Conflict
        If it was not checked, or what it is made of or was compared with has changed since.
    ApprovalMissing
        If a release policy asks for what lacks.
    """
    found = lock_promotable(ctx, release)
    if found.state is ReleaseState.LIVE:
        return with_serving(ctx, [found])[0]
    must_be_reviewed(ctx, found)
    return go_live(ctx, found, reason=reason)


def lock_promotable(ctx: Context, release: str) -> Release:
    """Hold a release with its endpoint, and refuse one that the gates don't let through as it is now."""
    declared = lock_endpoint(ctx, store.get(ctx.tx, release).endpoint)
    # Read once more under the locks: somebody may have checked or promoted it since the read before them.
    found = store.get(ctx.tx, release, lock=True)
    if found.state is not ReleaseState.LIVE:
        must_be_passed(found)
        _may_run(ctx, found)
        check_waivers(ctx.tx, found, log_time(ctx.tx, ctx.now()))
        check_unchanged(ctx.tx, found, as_now(ctx.tx, declared, found.content))
    return found


def go_live(ctx: Context, found: Release, *, reason: str, cause: str | None = None) -> Release:
    """Put a release live that may go, and tell of it."""
    before = store.newest_in_state(ctx.tx, found.endpoint, ReleaseState.LIVE)
    told = ctx.emit(
        "release.promoted",
        found.ref,
        data={
            "endpoint": found.content.endpoint,
            "model": found.model,
            "before": {"release": before.ref, "model": before.model} if before else None,
            "digest": found.digest,
            "reason": reason or _says(found, before),
        },
        used=[found.ref],
        produced=[found.content.endpoint],
        cause=cause or found.checked_event,
    )
    if before is not None:
        retire(ctx, before, ReleaseState.SUPERSEDED)
    _deploy(ctx.with_(cause=told.id), found)
    return put_live(ctx, found, told)


def _may_run(ctx: Context, found: Release) -> None:
    """Refuse a model whose code a policy of the environment does not let through."""
    part = found.content.pipeline
    commit = pipelines.resolve(ctx.tx, part.ref).commit if part else ""
    check_commit(ctx.tx, found.model, commit)


def _deploy(ctx: Context, found: Release) -> None:
    """Deploy the pipeline that made the model, unless a newer version of it is deployed.

    Who may promote here may not change what runs in another project.
    """
    part = found.content.pipeline
    if part is None or refs.project_of(refs.parse(part.ref).name) != refs.project_of(found.endpoint):
        return
    version = pipelines.resolve(ctx.tx, part.ref)
    # Releases go live in any order, and a rollback to an old model is no reason to run old code again.
    if version.version > (deployed(ctx.tx, version.name) or 0):
        deploy(ctx, version, reason=f"{found.ref} was promoted")


def lock_endpoint(ctx: Context, endpoint: str) -> Endpoint:
    """Hold an endpoint and its model till the end; always in this order, and before any event is emitted."""
    # One order for all who switch: two that lock in opposite orders would wait for each other on PostgreSQL.
    declared = endpoints.lock(ctx.tx, endpoint)
    models.lock(ctx.tx, declared.model, ctx.now())
    return declared


def must_be_passed(found: Release) -> None:
    """Refuse what the gates refused, and what they were not asked about."""
    if found.state is ReleaseState.REFUSED:
        why = "; ".join(found.reasons)
        raise GateFailed(f"{found.ref} was refused by its gates", where=found.ref, why=why)
    if found.state is not ReleaseState.PASSED:
        unchecked = {ReleaseState.CREATED, ReleaseState.UNDECIDED}
        hint = f"meguru release check {found.ref}" if found.state in unchecked else ""
        if found.state in {ReleaseState.SUPERSEDED, ReleaseState.ROLLED_BACK}:
            hint = f"meguru release rollback {found.endpoint} --to {found.ref}"
        why = "; ".join(found.reasons) if found.state is ReleaseState.UNDECIDED else ""
        what = f"{found.ref} is {found.state.value}, not passed"
        raise Conflict(what, where=found.ref, why=why, hint=hint)


def put_live(ctx: Context, found: Release, event: Event) -> Release:
    """Switch the endpoint to a release, in this transaction, because of the event `event`."""
    done = msgspec.structs.replace(found, state=ReleaseState.LIVE, live_at=ctx.now(), ended_at=None)
    store.save(ctx.tx, done)
    record_waivers(ctx.tx, done)
    after = ctx.with_(cause=event.id)
    switch(
        after,
        name=found.endpoint,
        model_ref=found.model,
        release_ref=found.ref,
        inputs=found.content.inputs,
        features=found.content.features,
    )
    model = models.resolve(ctx.tx, found.model)
    # Who may promote here may not change a model of another project: its alias is for releases there.
    if refs.project_of(model.name) == refs.project_of(found.endpoint):
        point(after, model.name, CHAMPION, model.version, as_owner=True)
    return with_waivers(ctx.tx, with_serving(ctx, [done]))[0]


def retire(ctx: Context, old: Release, state: ReleaseState) -> None:
    """Take a release out of service."""
    store.save(ctx.tx, msgspec.structs.replace(old, state=state, ended_at=ctx.now()))


def _says(found: Release, before: Release | None) -> str:
    return f"{found.model} is to replace {before.model}" if before else f"{found.model} is the first model"
