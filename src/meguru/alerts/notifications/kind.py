"""Notifications, as a kind: declared routes by which people and systems are told."""

from __future__ import annotations

from typing import Literal

import msgspec

from meguru.kernel.kinds import (
    Attention,
    Kind,
    Payload,
    Remedy,
    Service,
    Tone,
    Urgency,
    event_type,
    spec_events,
)


class NotificationSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is told of what, as people declare it.

    Attributes
    ----------
    to
        Receivers, each ``CHANNEL:ADDRESS``: ``webhook:https://…``, ``slack:${MEGURU_NOTIFY_SLACK}``,
        ``teams:${MEGURU_NOTIFY_TEAMS}``, ``mailto:a@example.com``, ``console``. What stands in braces is read
        from the environment of the server when it sends, and kept nowhere.
    severity
        The least urgent alerts to tell.
    alerts
        Whether it tells of alerts at all.
    events
        Patterns of other events to tell, such as ``release.*``.
    projects
        Whose; by default its own, ``*`` for all.
    hours
        When: ``mon-fri 08:00-20:00 Asia/Tokyo``; what comes at other hours is told when they begin.
    dedupe
        After a message, what comes within this time is told together in the next; a number of seconds, or
        ``30s``, ``10m``, ``2h``.
    secret
        What calls of webhooks are signed with, by reference: ``${MEGURU_NOTIFY_SECRET}``.
    language
        Of the messages.
    """

    to: list[str]
    severity: Urgency = Urgency.WARNING
    alerts: bool = True
    events: list[str] = []
    projects: list[str] = []
    hours: str = ""
    dedupe: str | float = "5m"
    secret: str = ""
    language: Literal["en", "ja"] = "en"


class _Declared(Payload, frozen=True):
    to: list[str]
    severity: str
    alerts: bool
    events: list[str]
    projects: list[str]
    hours: str
    dedupe: str | float
    secret: str
    language: str


@event_type("notification.tested", label="notification tried", sentence="{subject} was tried")
class NotificationTested(Payload, frozen=True):
    """An example was sent; `failed` names the receivers that did not take it."""

    failed: list[str]


class _Message(Payload, frozen=True):
    to: str
    delivery: str
    alerts: list[str]
    count: int


@event_type("notification.delivered", label="people told", sentence="{subject} told {to} of {count} things")
class NotificationDelivered(_Message, frozen=True):
    """A receiver took a message."""


@event_type(
    "notification.failed",
    label="people not told",
    sentence="{subject} could not tell {to}: {why}",
    tone=Tone.BAD,
    needs_person=Attention(
        severity=Urgency.WARNING,
        answered_by=(
            Remedy("notification.delivered"),
            Remedy("notification.tested", {"failed": []}),
            Remedy("notification.updated"),
        ),
        meaning="Messages of {subject} do not arrive at {to}.",
    ),
)
class NotificationFailed(_Message, frozen=True):
    """A receiver did not take a message, and it won't be sent again."""

    why: str


NOTIFICATION = Kind(
    name="notification",
    title=("notification", "notifications"),
    tables=("meguru.alerts.notifications.schema",),
    operations=("meguru.alerts.notifications.operations",),
    events=(
        *spec_events("notification", NotificationSpec, retired="It tells nobody any more."),
        NotificationTested,
        NotificationDelivered,
        NotificationFailed,
    ),
    grants={"engineer": ("*",)},
    spec=NotificationSpec,
    spec_store="meguru.alerts.notifications.spec",
    jobs={"notification": "meguru.alerts.notifications.deliver:HANDLER"},
    # A receiver that hangs holds a thread for seconds: the others of its route wait, and nobody else.
    job_threads=4,
    services=(
        Service(name="notifications", factory="meguru.alerts.notifications.follow:NotificationFollower"),
    ),
    internal={
        "gather": "the follower gathers what each route is to tell, and makes messages of it",
        "note": "the job that sends writes down what became of a message",
    },
    page="/ui/alerts?notification={name}#notification-{name}",
)
