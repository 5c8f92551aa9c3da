"""Actions that take long: an operation as a background job, with the rights of the trigger's declarer."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from meguru.base import refs
from meguru.errors import Busy, MeguruError
from meguru.kernel import jobs
from meguru.kernel.jobs import Job, Lease
from meguru.kernel.kinds import kind_of
from meguru.kernel.kinds.kind import load
from meguru.kernel.operations import Context, InternalOperation, Operation, registered
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace
from meguru.triggers import store
from meguru.triggers.actions.base import Occasion, Started
from meguru.triggers.delegation import principal_for
from meguru.triggers.kind import TRIGGER

KIND = "trigger_action"


class PromisedCall(msgspec.Struct, frozen=True, kw_only=True):
    """Which operation is to be done for a trigger, with what."""

    trigger: str
    operation: str
    arguments: dict[str, Any]


def enqueue_operation(
    ctx: Context, occasion: Occasion, operation: Operation[..., Any], arguments: dict[str, Any]
) -> Started:
    """Promise an operation; the job does it as whoever declared the trigger may by then."""
    plain = {key: _plain(value) for key, value in arguments.items()}
    call = PromisedCall(trigger=occasion.trigger, operation=operation.name, arguments=plain)
    payload = msgspec.to_builtins(call)
    job = jobs.enqueue(ctx, kind=KIND, key=occasion.key, payload=payload, cause=ctx.cause)
    return Started(ref=refs.make("job", job.id), job=job.id)


class ActionJob:
    """Handles jobs of kind ``trigger_action``; once, also when it is done again."""

    def run(self, ws: Workspace, job: Job, lease: Lease) -> None:
        """Do the operation; a refusal is told, and is not tried again."""
        wanted = msgspec.convert(job.payload, PromisedCall)
        with ws.read() as tx:
            trigger = store.find(tx, wanted.trigger)
            if trigger is None:
                return  # it was retired before its turn came
            acts = principal_for(tx, trigger)
        lease.raise_if_stopped()
        operation = _operation(wanted.operation)
        # A second attempt, after a crash behind the commit, gets the first one's answer.
        mine = ws.with_(principal=acts, cause=job.cause, idempotency_key=f"{job.id}:{wanted.operation}")
        try:
            mine.execute(operation, wanted.arguments)
        except Busy:
            raise
        except MeguruError as error:
            self.abandon(ws, job, " ".join(filter(None, (error.what, error.why and f"({error.why})"))))

    def abandon(self, ws: Workspace, job: Job, why: str) -> None:
        """Tell that what a trigger should have done was not done."""
        wanted = msgspec.convert(job.payload, PromisedCall)
        told = partial(_emit_failed, wanted=wanted, why=why[:1000])
        _FAIL.commit(ws.with_(principal=system(refs.make("trigger", wanted.trigger)), cause=job.cause), told)


def _operation(name: str) -> Operation[..., Any]:
    kind = kind_of(name.partition(".")[0])
    for module in kind.operations if kind else ():
        load(module)  # this process may have done nothing with that kind yet
    return registered()[name]


def _emit_failed(ctx: Context, *, wanted: PromisedCall, why: str) -> None:
    """Tell that an action failed, unless its trigger is gone."""
    if store.find(ctx.tx, wanted.trigger) is not None:
        data = {"operation": wanted.operation, "reason": why}
        ctx.emit("trigger.action_failed", refs.make("trigger", wanted.trigger), data=data)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


_FAIL = InternalOperation(TRIGGER, "fail_action")
HANDLER = ActionJob()
