"""The follower of inboxes: files events for subscribers, the mentioned and the answered; enqueues mails."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

import msgspec

from meguru.alerts.inbox import store
from meguru.alerts.inbox.kind import SUBSCRIPTION
from meguru.alerts.inbox.types import InboxItem, InboxReason, InboxSettings, InboxSubscription
from meguru.base.hours import read_hours
from meguru.comments import store as comments
from meguru.errors import NotFound
from meguru.kernel import events, jobs
from meguru.kernel.event import Event
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.services import Follower
from meguru.kernel.workspace import Workspace

BATCH = 500
JOB = "inbox_mail"
MAX_ATTEMPTS = 12
SOONEST_SECONDS = 1.0
"""How soon it is looked again whether a mail is due: by then, what just was has been promised."""
COMMENT_EVENTS = frozenset({"comment.added", "comment.edited"})
OWN_PREFIXES = ("subscription.", "notification.")
"""What inboxes themselves do interests nobody."""
REFERENCE_FIELDS = ("about", "endpoint", "model", "monitor", "dataset")
"""Fields of events that name what else they are about."""


class InboxFollower(Follower):
    """Fills inboxes; several servers may run one each: each thing is there once, whoever is killed when."""

    name = "inbox"
    pace = 0.3

    def __init__(self, ws: Workspace) -> None:
        super().__init__(ws)
        self._seen = 0
        self._waiting: list[InboxSettings] = []

    def step(self) -> int:
        """Fill inboxes with what has happened by now; return how many mails were promised."""
        with self.ws.read() as tx:
            head, known = events.head(tx), store.cursor(tx)
            # Before anybody could follow anything, nothing was anybody's.
            after = max(head if known is None else known, self._seen)
            # What concerns nobody is not read, and costs no transaction.
            concerns = store.has_any(tx) or COMMENT_EVENTS.intersection(events.types_between(tx, after, head))
        while (concerns and after < head) or known is None:
            after = _FILL.commit(self.ws, partial(_take_in, after=after, head=head))
            known = after
        self._seen = head
        return self._mails()

    def wakes(self, type: str) -> bool:
        """Tell whether an event may concern somebody."""
        return not type.startswith(OWN_PREFIXES) or type == "subscription.configured"

    def _mails(self) -> int:
        now = self.ws.clock.now()
        with self.ws.read() as tx:
            self._waiting = list(store.waiting_for_mail(tx))
        due = [settings.principal for settings in self._waiting if due_at(settings, now) <= now]
        return sum(_FILL.commit(self.ws, partial(_promise, principal=each)) for each in due)

    def rest(self) -> float:
        """Return the seconds to the next mail that is due."""
        now = self.ws.clock.now()
        return self.until((due_at(settings, now) for settings in self._waiting), soonest=SOONEST_SECONDS)


def due_at(settings: InboxSettings, now: datetime) -> datetime:
    """Return when the next mail may be sent; a moment that is over for: now."""
    last = settings.mailed_at
    # A mail of the future was sent before the clock was set back: nobody waits for that moment again.
    rested = now if last is None or last > now else last + timedelta(seconds=settings.dedupe)
    hours = read_hours(settings.hours)
    return rested if hours is None else hours.next_start(max(now, rested))


def _take_in(ctx: Context, *, after: int, head: int) -> int:
    """Put the next events into inboxes, and move the cursor; return where it is then."""
    # Another server may have put some of these events into inboxes: it goes on where that one stopped.
    cursor = max(store.cursor(ctx.tx, lock=True) or 0, after)
    if cursor >= head:
        store.set_cursor(ctx.tx, cursor)
        return cursor
    batch = events.read(ctx.tx, after=cursor, before=head + 1, limit=BATCH)
    until = batch[-1].seq if len(batch) == BATCH else head
    found = [each for each in batch if not each.type.startswith(OWN_PREFIXES)]
    for event in found:
        if event.type == "comment.added":
            _subscribe_commenter(ctx, event)
    things = {event.seq: _things(event) for event in found}
    following: dict[str, list[InboxSubscription]] = {}
    for subscription in store.followers(ctx.tx, (ref for refs in things.values() for ref in refs)):
        following.setdefault(subscription.about, []).append(subscription)
    items: dict[tuple[str, int], InboxItem] = {}
    for event in found:
        for item in _items(ctx, event, things[event.seq], following):
            items.setdefault((item.principal, item.seq), item)
    store.add_items(ctx.tx, list(items.values()))
    store.set_cursor(ctx.tx, until)
    return until


def _things(event: Event) -> list[str]:
    """Return what an event is about: its subject, what it names, and the things whose versions these are."""
    named = [event.subject, *(event.data.get(each) for each in REFERENCE_FIELDS)]
    said = [each for each in named if isinstance(each, str) and "/" in each]
    return list(dict.fromkeys([*said, *(each.rpartition("@")[0] for each in said if "@" in each)]))


def _items(
    ctx: Context, event: Event, things: Iterable[str], following: dict[str, list[InboxSubscription]]
) -> Iterable[InboxItem]:
    concerned: dict[str, InboxReason] = {}
    if event.type in COMMENT_EVENTS:
        concerned = {str(name): InboxReason.MENTIONED for name in event.data.get("mentions", [])}
        if answered := _author_replied_to(ctx, event):
            concerned.setdefault(answered, InboxReason.ANSWERED)
    for thing in things:
        for subscription in following.get(thing, []):
            # Where nobody looked for long, what came before somebody followed it is still in the log.
            if not subscription.muted and subscription.created_at <= event.at:
                concerned.setdefault(subscription.principal, InboxReason.FOLLOWED)
    about = str(event.data.get("about") or event.subject)
    for principal, why in concerned.items():
        if principal != event.actor:
            yield InboxItem(
                principal=principal,
                seq=event.seq,
                event=event.id,
                type=event.type,
                subject=event.subject,
                about=about,
                project=event.project,
                actor=event.actor,
                why=why,
                at=event.at,
            )


def _author_replied_to(ctx: Context, event: Event) -> str:
    """Return whose comment this one answers."""
    if not event.data.get("reply_to"):
        return ""
    try:
        return comments.one(ctx.tx, str(event.data["reply_to"])).author
    except NotFound:
        return ""


def _subscribe_commenter(ctx: Context, event: Event) -> None:
    about = str(event.data["about"])
    if store.find(ctx.tx, event.actor, about) is None:
        store.save_subscription(
            ctx.tx, InboxSubscription(principal=event.actor, about=about, created_at=event.at)
        )


def _promise(ctx: Context, *, principal: str) -> int:
    """Promise a mail of what is new in an inbox; 1 if it was due."""
    settings, now = store.settings_of(ctx.tx, principal, lock=True), ctx.now()
    fresh = store.items(ctx.tx, principal, after=settings.mailed_seq, limit=1, projects=None)
    if not settings.mail or not fresh or due_at(settings, now) > now:
        return 0
    until = fresh[0].seq
    store.save_settings(ctx.tx, msgspec.structs.replace(settings, mailed_seq=until, mailed_at=now))
    payload = {"principal": principal, "after": settings.mailed_seq, "until": until}
    key = f"{principal}:{until}"
    jobs.enqueue(
        ctx, kind=JOB, key=key, payload=payload, cause=fresh[0].event, max_attempts=MAX_ATTEMPTS,
        lane=f"{JOB}:{principal}",
    )  # fmt: skip
    return 1


_FILL = InternalOperation(SUBSCRIPTION, "fill")
