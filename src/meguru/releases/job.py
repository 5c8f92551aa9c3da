"""The job that releases a model: create, check, promote; a refusal is a normal end."""

import msgspec

from meguru.errors import Conflict
from meguru.releases import store
from meguru.releases.check import OPEN, check, conclude
from meguru.releases.create import create
from meguru.releases.promote import promote
from meguru.releases.types import GateResult, Release, ReleaseState, Verdict
from meguru.runtime.jobs import Job, Lease
from meguru.runtime.operations import Context, Operation
from meguru.runtime.principals import system
from meguru.runtime.workspace import Workspace

ROUNDS = 5
ACTOR = system("releases")


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """Which model goes to which endpoint."""

    endpoint: str
    model: str


class ReleaseJob:
    """Handles jobs of kind ``release``.

    Each operation has a key made from the job's id, so that whoever takes the job over goes on where the last
    one stopped.
    """

    def run(self, ws: Workspace, job: Job, lease: Lease) -> None:
        """Make the release, ask its gates, and put it live if they pass.

        When another release went live meanwhile, the gates are asked again.
        """
        ws = ws.with_(principal=ACTOR)
        made = _create(ws, job)
        for turn in range(ROUNDS):
            lease.proceed()
            try:
                done = check(ws.with_(idempotency_key=f"{job.id}:check:{turn}"), release=made.ref)
                if done.state is ReleaseState.REFUSED:
                    return
                lease.proceed()
                promote(ws.with_(idempotency_key=f"{job.id}:promote:{turn}"), release=made.ref)
            except Conflict:
                with ws.read() as tx:
                    state = store.get(tx, made.ref).state
                if state not in OPEN or turn == ROUNDS - 1:
                    raise
            else:
                return

    def abandon(self, ws: Workspace, job: Job, why: str) -> None:
        """Refuse the release if it is still open; its model does not go live."""
        ws = ws.with_(principal=ACTOR)
        ws.execute(_give_up, {"release": _create(ws, job).ref, "why": why})


def _create(ws: Workspace, job: Job) -> Release:
    wanted = msgspec.convert(job.payload, Payload)
    keyed = ws.with_(idempotency_key=f"{job.id}:create")
    return create(keyed, endpoint=wanted.endpoint, model=wanted.model)


def _refuse(ctx: Context, *, release: str, why: str) -> None:
    """Refuse a release whose gates could not be asked to the end."""
    found = store.get(ctx.tx, release, lock=True)
    if found.state in OPEN:
        reason = f"the gates could not be asked to the end: {why}"
        result = GateResult(gate="job", verdict=Verdict.FAILED, reason=reason)
        conclude(ctx, found, found.champion, [*found.results, result])


# Not registered: only the job may call it.
_give_up = Operation(_refuse, "release.abandon", "release:write", query=False, evented=True)
HANDLER = ReleaseJob()
