"""The job that sends one summary to one receiver, again until it is taken."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from meguru.alerts.channels import Envelope, channel_of
from meguru.alerts.links import address_of
from meguru.alerts.notifications.types import MessageItem, NotificationMessage
from meguru.base import refs
from meguru.base.server_variables import NOTIFICATIONS
from meguru.base.text import mark, translate
from meguru.errors import MeguruError
from meguru.governance.standing import standing
from meguru.kernel.jobs import Job, Lease
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.workspace import Workspace
from meguru.summaries import store
from meguru.summaries.build import show
from meguru.summaries.kind import SCHEDULED_REPORT
from meguru.summaries.store import ScheduledReport
from meguru.summaries.types import BusinessSummary, EndpointSummary
from meguru.webhooks.types import DeliveryResponse

MAX_FACTS = 12
TITLE = mark("{project}: what happened from {since} to {until}")
_NOTE = InternalOperation(SCHEDULED_REPORT, "note")


class ReportNotTaken(Exception):
    """A receiver did not take a report; it may take it later."""


class SendReport:
    """Handles jobs of kind ``scheduled_report``; a crash in the middle sends again, with the same id."""

    def run(self, ws: Workspace, job: Job, lease: Lease) -> None:
        """Put the summary together, as who declared the report may see it now, and send it."""
        name = str(job.payload["report"])
        with ws.read() as tx:
            report = store.find(tx, name)
            who = standing(tx, report.declared_by, ws.clock.now()) if report else None
        if report is None:
            return
        if who is None:
            self.abandon(ws, job, f"{report.declared_by}, who declared it, may not act any more")
            return
        until = datetime.fromisoformat(str(job.payload["until"]))
        seen = ws.with_(principal=who, project=refs.project_of(name) or refs.DEFAULT)
        summary = show(seen, since=until - timedelta(days=report.spec.days), until=until)
        lease.raise_if_stopped()
        answer = send(ws, report, summary, to=str(job.payload["to"]), delivery=str(job.payload["delivery"]))
        if answer.is_taken:
            _NOTE.commit(ws, partial(_sent, job=job))
            return
        why = answer.error or f"it answered {answer.status}"
        if answer.is_worth_another:
            raise ReportNotTaken(why)
        self.abandon(ws, job, why)

    def abandon(self, ws: Workspace, job: Job, why: str) -> None:
        """Tell in the log that a report was not taken."""
        _NOTE.commit(ws, partial(_failed, job=job, why=why[:500]))


def send(
    ws: Workspace, report: ScheduledReport, summary: BusinessSummary, *, to: str, delivery: str
) -> DeliveryResponse:
    """Send a summary by a channel; whatever goes wrong is told in the answer."""
    try:
        channel, address = channel_of(to, field="to")
        where = NOTIFICATIONS.fill(address)
        channel.check(where, ws.settings, field="to")
        message = message_of(summary, report.name, report.spec.language, address_of(ws))
        return channel.send(
            Envelope(address=where, message=message, delivery=delivery, secret="", settings=ws.settings)
        )
    except MeguruError as error:
        return DeliveryResponse(error=". ".join(filter(None, (error.what, error.why, error.hint)))[:500])


def message_of(summary: BusinessSummary, name: str, language: str, base: str) -> NotificationMessage:
    """Return a summary as a message: an item for each endpoint."""
    project = refs.project_of(name) or refs.DEFAULT
    title = translate(TITLE, language).format(
        project=project, since=f"{summary.since:%Y-%m-%d}", until=f"{summary.until:%Y-%m-%d}"
    )
    page = f"{base}/projects/{project}/ui/summary" if base else ""
    items = [_item(endpoint, language, page, summary.until) for endpoint in summary.endpoints]
    if summary.risks:
        facts = [sentence.say(language) for sentence in summary.risks[:MAX_FACTS]]
        text = translate(mark("What else needs somebody"), language)
        items.append(MessageItem(text=text, facts=facts, at=summary.until, url=page))
    return NotificationMessage(
        title=title,
        items=items,
        more=summary.more,
        notification=name,
        project=project,
        language=language,
        url=page,
    )


def _item(summary: EndpointSummary, language: str, page: str, at: datetime) -> MessageItem:
    sentences = [*summary.value, *summary.risks, *summary.changes]
    return MessageItem(
        text=f"{summary.endpoint}: {summary.standing.say(language)}",
        subject=f"endpoint/{summary.endpoint}",
        facts=[sentence.say(language) for sentence in sentences[:MAX_FACTS]],
        at=at,
        url=page,
    )


def _sent(ctx: Context, *, job: Job) -> None:
    ctx.emit("scheduled_report.sent", f"scheduled_report/{job.payload['report']}", data=_facts(job))


def _failed(ctx: Context, *, job: Job, why: str) -> None:
    data = _facts(job) | {"why": why}
    ctx.emit("scheduled_report.failed", f"scheduled_report/{job.payload['report']}", data=data)


def _facts(job: Job) -> dict[str, object]:
    return {"to": str(job.payload["to"]), "delivery": str(job.payload["delivery"])}


HANDLER = SendReport()
