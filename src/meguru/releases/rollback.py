"""Go back to an earlier release."""

from meguru.base import refs
from meguru.errors import Conflict, NotFound
from meguru.kernel.operations import Context, operation
from meguru.releases import store
from meguru.releases.gate_inputs import champion_of, trial_of
from meguru.releases.gates.read import check_gates, judge
from meguru.releases.promote import lock_endpoint, put_live, retire
from meguru.releases.review.promotion import may_return, tell_return
from meguru.releases.serving import with_serving
from meguru.releases.types import GateVerdict, Release, ReleasePart, ReleaseState
from meguru.releases.waivers import announce_expired, lock_waivers
from meguru.serving import store as endpoints

FORMER = (ReleaseState.SUPERSEDED, ReleaseState.ROLLED_BACK)


@operation(
    "release.rollback",
    permission="release:promote",
    on="endpoint",
    refers={"endpoint": "endpoint", "to": "release"},
)
def rollback(ctx: Context, *, endpoint: str, to: str | None = None, reason: str = "") -> Release:
    """Put the release before the live one back, or the one named; first checks that it still works.

    Raises
    ------
    Conflict
        If the old model does not load any more or would refuse what clients send now.
    NotFound
        If there is no release to go back to.
    ApprovalMissing
        If it went live in an emergency, and people are still to sign for it.
    """
    name = refs.parse(endpoint, kind="endpoint").name
    if to is not None and (other := refs.parse(to, kind="release")).name != name:
        raise _never_live(str(other), name, "it is another endpoint's")
    # As in `check`: the model is loaded and asked before the write transaction, and all is read again in it.
    with ctx.ws.read() as tx:
        endpoints.get(tx, name)
        target = (
            _target(store.newest_in_state(tx, name, ReleaseState.SUPERSEDED), name)
            if to is None
            else store.get(tx, to)
        )
        champion = champion_of(tx, name)
    if target.state is ReleaseState.LIVE:
        return with_serving(ctx, [target])[0]
    _must_work(ctx, target, name, champion)
    lock_endpoint(ctx, name)
    live = store.newest_in_state(ctx.tx, name, ReleaseState.LIVE)
    target = store.get(ctx.tx, target.ref, lock=True)
    if champion_of(ctx.tx, name) != champion or target.state not in FORMER:
        raise Conflict(
            f"another model went live at {name} meanwhile", where=target.ref, hint="roll back again"
        )
    may_return(ctx, target)
    lock_waivers(ctx.tx, target)
    before = {"release": live.ref, "model": live.model} if live else None
    told = ctx.emit(
        "release.rolled_back",
        target.ref,
        data={"endpoint": target.content.endpoint, "model": target.model, "before": before, "reason": reason},
        used=[target.ref],
        produced=[target.content.endpoint],
    )
    if live is not None:  # before the other is live: whoever asks for the live release must find one only
        retire(ctx, live, ReleaseState.ROLLED_BACK)
    done = put_live(ctx, target, told)
    after = ctx.with_(cause=told.id)
    tell_return(after, done, reason)
    announce_expired(after, done)
    return done


def _target(former: Release | None, endpoint: str) -> Release:
    if former is None:
        raise NotFound(
            f"{endpoint} has no earlier release to go back to",
            where=refs.make("endpoint", endpoint),
            hint=f"see: meguru release list {endpoint}",
        )
    return former


def _must_work(ctx: Context, target: Release, endpoint: str, champion: ReleasePart | None) -> None:
    if target.state not in FORMER:
        raise _never_live(target.ref, endpoint, f"it is {target.state.value}")
    loads = judge(check_gates([]), trial_of(ctx.ws, target, champion))[0]
    if not loads.passed:
        when = "any more" if loads.verdict is GateVerdict.FAILED else "now"
        raise Conflict(f"{target.ref} can't go live {when}", where=target.ref, why=loads.reason)


def _never_live(release: str, endpoint: str, why: str) -> Conflict:
    return Conflict(
        f"{release} was never live at {endpoint}",
        where=release,
        why=why,
        hint=f"see: meguru release list {endpoint}",
    )
