"""The job that releases a model: create, check, promote; a refusal is a normal end."""

from datetime import timedelta
from functools import partial

import msgspec

from meguru.errors import ApprovalMissing, Busy, Conflict, LostLease, MeguruError
from meguru.governance.release_policies.store import applicable_policies
from meguru.kernel import events
from meguru.kernel.jobs import Job, Lease, Parked, queue
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.workspace import Workspace
from meguru.releases import store
from meguru.releases.check import OPEN, check, conclude
from meguru.releases.create import create
from meguru.releases.gate_inputs import ACTOR, awaited_views
from meguru.releases.kind import RELEASE
from meguru.releases.promote import promote
from meguru.releases.review.request import ask, is_asked
from meguru.releases.types import GateResult, GateVerdict, Release, ReleaseState

MAX_ROUNDS = 5
"""So often the gates are asked again when another release went live while they were."""
POLL, MAX_WAIT = timedelta(seconds=5), timedelta(days=7)
"""How often and for how long a release looks for views that are not online."""


class ReleaseTarget(msgspec.Struct, frozen=True, kw_only=True):
    """Which model goes to which endpoint; without `promote` it waits for a person when its gates let it."""

    endpoint: str
    model: str
    promote: bool = True


class ReleaseJob:
    """Handles jobs of kind ``release``.

    Each operation has a key made from the job's id, so that whoever takes the job over goes on where the last
    one stopped.
    """

    def run(self, ws: Workspace, job: Job, lease: Lease) -> None:
        """Make the release, ask its gates, and put it live if they pass.

        When another release went live meanwhile, the gates are asked again; also when they could not be
        asked, in the job's next attempt. While its views are not online, nobody is asked.

        Raises
        ------
        Busy
            When the gates could not be asked for a reason of ours.
        Parked
            When its views are not online yet.
        """
        ws = ws.with_(principal=ACTOR)
        made = _create(ws, job)
        with ws.read() as tx:
            found = store.get(tx, made.ref)
        if found.state not in OPEN:
            return  # an earlier attempt came to the end
        if found.state is ReleaseState.UNDECIDED:  # people were told already what it waits for
            _wait_for_views(ws, job, found)
        for turn in range(MAX_ROUNDS):
            lease.raise_if_stopped()
            try:
                # A key that was used gives its kept answer again, and asks no gate: `turn` and `checked_at`
                # make it another one when the world moved, or when the job waited for views and was woken.
                attempt = f"{job.id}:check:{job.attempt}:{turn}:{found.checked_at or ''}"
                done = check(ws.with_(idempotency_key=attempt), release=made.ref)
                if done.state is ReleaseState.UNDECIDED:
                    _wait_for_views(ws, job, done)
                    raise Busy(
                        f"{made.ref} could not be checked", where=made.ref, why="; ".join(done.reasons)
                    )
                if done.state is ReleaseState.REFUSED:
                    return
                lease.raise_if_stopped()
                if not msgspec.convert(job.payload, ReleaseTarget).promote:
                    _ASK.commit(ws, partial(_ask, release=made.ref))
                    return
                promote(ws.with_(idempotency_key=f"{job.id}:promote:{turn}"), release=made.ref)
            except ApprovalMissing:
                _ASK.commit(ws, partial(_ask, release=made.ref))
                return
            except Conflict:
                with ws.read() as tx:
                    state = store.get(tx, made.ref).state
                if state not in OPEN or turn == MAX_ROUNDS - 1:
                    raise
            else:
                return

    def abandon(self, ws: Workspace, job: Job, why: str) -> None:
        """Leave the release undecided if it is still open; its model does not go live."""
        ws = ws.with_(principal=ACTOR)
        try:
            release = _create(ws, job)
        except MeguruError:
            return  # it could not even be put together: the job's own error says why
        _ABANDON.commit(ws, partial(_leave, release=release.ref, why=why))


def _create(ws: Workspace, job: Job) -> Release:
    wanted = msgspec.convert(job.payload, ReleaseTarget)
    keyed = ws.with_(idempotency_key=f"{job.id}:create")
    return create(keyed, endpoint=wanted.endpoint, model=wanted.model)


def _wait_for_views(ws: Workspace, job: Job, release: Release) -> None:
    """Let go of the job for a while if its views are not online; that takes no attempt.

    After a week they are no reason to wait any more, and the release is left to people.
    """
    now = ws.clock.now()
    if now - job.created_at > MAX_WAIT or not awaited_views(ws, release):
        return
    with ws.db.write() as tx:
        is_ours = queue.park(tx, job, now + POLL)
    if not is_ours:
        raise LostLease(f"job {job.id} is not ours any more")
    raise Parked


def _leave(ctx: Context, *, release: str, why: str) -> None:
    """Leave a release undecided whose gates could not be asked to the end: nobody said no."""
    found = store.get(ctx.tx, release, lock=True)
    if found.state in OPEN:
        reason = f"the gates could not be asked to the end: {why}"
        result = GateResult(gate="job", verdict=GateVerdict.UNDECIDED, reason=reason)
        conclude(ctx, found, found.champion, [*found.results, result])


def _ask(ctx: Context, *, release: str) -> None:
    """Tell people that a release passed and is theirs to review or to promote; once."""
    found = store.get(ctx.tx, release, lock=True)
    if applicable_policies(ctx.tx, found.endpoint):
        if found.state is ReleaseState.PASSED and not is_asked(ctx, found):
            ask(ctx, found)
        return
    event = events.latest(ctx.tx, subject=found.ref, types=["release.awaits_person"])
    if found.state is ReleaseState.PASSED and event is None:
        data = {"endpoint": found.content.endpoint, "model": found.model, "digest": found.digest}
        ctx.emit("release.awaits_person", found.ref, data=data)


_ASK = InternalOperation(RELEASE, "ask")
_ABANDON = InternalOperation(RELEASE, "abandon", evented=True)
HANDLER = ReleaseJob()
