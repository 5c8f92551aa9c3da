"""The job that sends one mail of what is new in an inbox."""

from __future__ import annotations

import logging

from sqlalchemy import Connection

from meguru.alerts.channels import Envelope
from meguru.alerts.channels.mail import CHANNEL
from meguru.alerts.inbox import store
from meguru.alerts.inbox.show import READABLE
from meguru.alerts.inbox.types import InboxItem
from meguru.alerts.links import address_of
from meguru.alerts.notifications.compose import MAX_ITEMS, event_sentence
from meguru.alerts.notifications.types import MessageItem, NotificationMessage
from meguru.base.text import translate
from meguru.comments import store as comments
from meguru.comments.types import Comment
from meguru.errors import NotFound
from meguru.governance.standing import standing
from meguru.kernel import events
from meguru.kernel.jobs import Job, Lease
from meguru.kernel.principals import Principal
from meguru.kernel.workspace import Workspace

log = logging.getLogger(__name__)
ONE = "Meguru: {text}"
SEVERAL = "Meguru: {count} things happened to what you follow"
MAX_COMMENT = 500


class InboxMailNotTaken(Exception):
    """The mail server did not take a mail; it may take it later."""


class InboxMailJob:
    """Handles jobs of kind ``inbox_mail``; a crash in the middle sends again, with the same id."""

    def run(self, ws: Workspace, job: Job, lease: Lease) -> None:
        """Send what is new, as far as its reader may see it now; nothing if that is nothing."""
        principal = str(job.payload["principal"])
        with ws.read() as tx:
            settings, who = store.settings_of(tx, principal), standing(tx, principal, ws.clock.now())
            if who is None or not settings.mail:
                return
            inbox_items = store.items(
                tx,
                principal,
                after=int(job.payload["after"]),
                before=int(job.payload["until"]) + 1,
                limit=1000,
                projects=who.projects(READABLE),
            )
            # By the rights of its reader now, not those of when it was filed.
            items = [item_of(ws, tx, item, who, settings.language) for item in inbox_items[:MAX_ITEMS]]
        if not items:
            return
        lease.raise_if_stopped()
        message = NotificationMessage(
            title=_title(items, len(inbox_items), settings.language),
            items=items,
            more=len(inbox_items) - len(items),
            notification="inbox",
            language=settings.language,
        )
        answer = CHANNEL.send(
            Envelope(address=settings.mail, message=message, delivery=job.id, secret="", settings=ws.settings)
        )
        if not answer.is_taken:
            why = answer.error or f"it answered {answer.status}"
            if answer.is_worth_another:
                raise InboxMailNotTaken(why)
            self.abandon(ws, job, why)

    def abandon(self, ws: Workspace, job: Job, why: str) -> None:
        """Let the mail go: all that it told of is in the inbox."""
        del ws
        log.warning("a mail of the inbox of %s was not taken: %s", job.payload["principal"], why)


def item_of(ws: Workspace, tx: Connection, item: InboxItem, who: Principal, language: str) -> MessageItem:
    """Return one thing as a mail tells it: the words of a comment to those who may read comments there."""
    try:
        event = events.get(tx, item.event)
    except NotFound:
        event = None
    comment = _comment(tx, item) if who.allows("comment:read", item.project) else None
    base = address_of(ws)
    page = f"/ui/comments/{comment.id}" if comment else f"/ui/events/{item.event}"
    return MessageItem(
        text=event_sentence(event, language),
        subject=item.about,
        facts=[comment.text[:MAX_COMMENT]] if comment and comment.text else [],
        at=item.at,
        url=f"{base}{page}" if base else "",
    )


def _comment(tx: Connection, item: InboxItem) -> Comment | None:
    if not item.subject.startswith("comment/"):
        return None
    try:
        return comments.one(tx, item.subject)
    except NotFound:
        return None


def _title(items: list[MessageItem], count: int, language: str) -> str:
    if count == 1:
        return translate(ONE, language).format(text=items[0].text.splitlines()[0])[:200]
    return translate(SEVERAL, language).format(count=f"{count:,}")


HANDLER = InboxMailJob()
