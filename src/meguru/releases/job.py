"""The job that releases a model: create, check, promote; a refusal is a normal end."""

from functools import partial

import msgspec

from meguru.errors import Busy, Conflict, MeguruError
from meguru.kernel import events
from meguru.kernel.jobs import Job, Lease
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.workspace import Workspace
from meguru.releases import store
from meguru.releases.check import OPEN, check, conclude
from meguru.releases.create import create
from meguru.releases.gate_inputs import ACTOR
from meguru.releases.kind import RELEASE
from meguru.releases.promote import promote
from meguru.releases.types import GateResult, GateVerdict, Release, ReleaseState

ROUNDS = 5


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
        asked, in the job's next attempt.

        Raises
        ------
        Busy
            When the gates could not be asked for a reason of ours.
        """
        ws = ws.with_(principal=ACTOR)
        made = _create(ws, job)
        with ws.read() as tx:
            if store.get(tx, made.ref).state not in OPEN:
                return  # an earlier attempt came to the end
        for turn in range(ROUNDS):
            lease.proceed()
            try:
                attempt = f"{job.id}:check:{job.attempt}:{turn}"
                done = check(ws.with_(idempotency_key=attempt), release=made.ref)
                if done.state is ReleaseState.UNDECIDED:
                    raise Busy(
                        f"{made.ref} could not be checked", where=made.ref, why="; ".join(done.reasons)
                    )
                if done.state is ReleaseState.REFUSED:
                    return
                lease.proceed()
                if not msgspec.convert(job.payload, ReleaseTarget).promote:
                    _ASK.commit(ws, partial(_ask, release=made.ref))
                    return
                promote(ws.with_(idempotency_key=f"{job.id}:promote:{turn}"), release=made.ref)
            except Conflict:
                with ws.read() as tx:
                    state = store.get(tx, made.ref).state
                if state not in OPEN or turn == ROUNDS - 1:
                    raise
            else:
                return

    def abandon(self, ws: Workspace, job: Job, why: str) -> None:
        """Leave the release undecided if it is still open; its model does not go live."""
        ws = ws.with_(principal=ACTOR)
        try:
            made = _create(ws, job)
        except MeguruError:
            return  # it could not even be put together: the job's own error says why
        _ABANDON.commit(ws, partial(_leave, release=made.ref, why=why))


def _create(ws: Workspace, job: Job) -> Release:
    wanted = msgspec.convert(job.payload, ReleaseTarget)
    keyed = ws.with_(idempotency_key=f"{job.id}:create")
    return create(keyed, endpoint=wanted.endpoint, model=wanted.model)


def _leave(ctx: Context, *, release: str, why: str) -> None:
    """Leave a release undecided whose gates could not be asked to the end: nobody said no."""
    found = store.get(ctx.tx, release, lock=True)
    if found.state in OPEN:
        reason = f"the gates could not be asked to the end: {why}"
        result = GateResult(gate="job", verdict=GateVerdict.UNDECIDED, reason=reason)
        conclude(ctx, found, found.champion, [*found.results, result])


def _ask(ctx: Context, *, release: str) -> None:
    """Tell people that a release passed and is theirs to promote; once."""
    found = store.get(ctx.tx, release, lock=True)
    asked = events.latest(ctx.tx, subject=found.ref, types=["release.awaits_person"])
    if found.state is ReleaseState.PASSED and asked is None:
        data = {"endpoint": found.content.endpoint, "model": found.model, "digest": found.digest}
        ctx.emit("release.awaits_person", found.ref, data=data)


_ASK = InternalOperation(RELEASE, "ask")
_ABANDON = InternalOperation(RELEASE, "abandon", evented=True)
HANDLER = ReleaseJob()
