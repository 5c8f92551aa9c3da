"""The job that sends one message to one receiver, again until it is taken."""

from __future__ import annotations

from functools import partial

import msgspec

from meguru.alerts.channels import Envelope, channel_of
from meguru.alerts.links import with_links
from meguru.alerts.notifications import store
from meguru.alerts.notifications.evidence import with_evidence
from meguru.alerts.notifications.kind import NOTIFICATION
from meguru.alerts.notifications.types import Dispatch, DispatchState, NotificationMessage, Route
from meguru.base.server_variables import NOTIFICATIONS
from meguru.errors import MeguruError
from meguru.kernel.jobs import Job, Lease
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace
from meguru.webhooks.types import DeliveryResponse

ACTOR = system("notifications")


class MessageNotTaken(Exception):
    """A receiver did not take a message; it may take it later."""


class SendJob:
    """Handles jobs of kind ``notification``; a crash in the middle sends again, with the same id."""

    def run(self, ws: Workspace, job: Job, lease: Lease) -> None:
        """Send the message; nothing is sent that was taken before, or whose route is gone."""
        with ws.read() as tx:
            wanted = store.dispatch(tx, str(job.payload["dispatch"]))
            route = store.find(tx, wanted.notification) if wanted else None
        if wanted is None or wanted.state is not DispatchState.WAITING:
            return
        if route is None:
            self.abandon(ws, job, "the notification was retired")
            return
        lease.raise_if_stopped()
        answer = send(ws, route, wanted)
        noted = partial(_note, wanted=wanted, answer=answer, attempt=job.attempt)
        _NOTE.commit(ws.with_(principal=ACTOR, cause=job.cause), noted)
        if answer.is_taken:
            return
        why = answer.error or f"it answered {answer.status}"
        if answer.is_worth_another:
            raise MessageNotTaken(why)
        self.abandon(ws, job, why)

    def abandon(self, ws: Workspace, job: Job, why: str) -> None:
        """Tell in the log that a message was not taken."""
        give_up = partial(_fail, dispatch=str(job.payload["dispatch"]), why=why[:500])
        _NOTE.commit(ws.with_(principal=ACTOR, cause=job.cause), give_up)


def send(ws: Workspace, route: Route, wanted: Dispatch) -> DeliveryResponse:
    """Send a message by its channel; whatever goes wrong is told in the answer."""
    try:
        channel, address = channel_of(wanted.to, field="to")
        where = NOTIFICATIONS.fill(address)
        channel.check(where, ws.settings, field="to")
        # Filled in now and not when it was enqueued: no job holds a secret, and a changed one counts at once.
        evidence = with_evidence(ws, msgspec.convert(wanted.message, NotificationMessage))
        envelope = Envelope(
            address=where,
            message=with_links(ws, evidence.message, to=wanted.to, drawn=frozenset(evidence.drawings)),
            drawings=evidence.drawings,
            delivery=wanted.id,
            secret=NOTIFICATIONS.fill(route.secret),
            settings=ws.settings,
        )
        return channel.send(envelope)
    except MeguruError as error:
        return DeliveryResponse(error=". ".join(filter(None, (error.what, error.why, error.hint)))[:500])


def _note(ctx: Context, *, wanted: Dispatch, answer: DeliveryResponse, attempt: int) -> None:
    """Write down what became of a message; once it was taken, or given up, that stands."""
    # Not fenced by the job's lease. A worker that hung until another one took its job over comes last, and
    # would turn a message that arrived into one that waits for ever.
    dispatch = store.dispatch(ctx.tx, wanted.id)
    if dispatch is None or dispatch.state is not DispatchState.WAITING:
        return
    store.change_dispatch(
        ctx.tx,
        wanted.id,
        attempts=attempt,
        at=ctx.now(),
        status=answer.status,
        error="" if answer.is_taken else (answer.error or f"it answered {answer.status}"),
        seconds=answer.seconds,
        state=(DispatchState.TAKEN if answer.is_taken else DispatchState.WAITING).value,
    )
    if answer.is_taken:
        ctx.emit("notification.delivered", f"notification/{wanted.notification}", data=_told(wanted))


def _fail(ctx: Context, *, dispatch: str, why: str) -> None:
    """Give a message up, and tell of it."""
    wanted = store.dispatch(ctx.tx, dispatch)
    if wanted is None or wanted.state is not DispatchState.WAITING:
        return
    store.change_dispatch(ctx.tx, dispatch, state=DispatchState.FAILED.value, error=why, at=ctx.now())
    data = _told(wanted) | {"why": why}
    ctx.emit("notification.failed", f"notification/{wanted.notification}", data=data)


def _told(wanted: Dispatch) -> dict[str, object]:
    message = msgspec.convert(wanted.message, NotificationMessage)
    return {
        "to": wanted.to,
        "delivery": wanted.id,
        "alerts": [item.alert for item in message.items if item.alert],
        "count": len(message.items) + message.more,
    }


_NOTE = InternalOperation(NOTIFICATION, "note")
HANDLER = SendJob()
