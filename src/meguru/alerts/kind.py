"""Alerts, as a kind: each is of the project of what it is about."""

from __future__ import annotations

from datetime import datetime

from meguru.kernel.kinds import Kind, Payload, Service, Tone, event_type


class _Standing(Payload, frozen=True):
    about: str
    cause: str
    severity: str
    count: int


@event_type(
    "alert.opened", label="alert", sentence="an alert was opened: {about}", tone=Tone.BAD, explains=True
)
class AlertOpened(_Standing, frozen=True):
    """Something needs a person; `cause` is the type of event that says so."""


@event_type(
    "alert.reopened", label="alert came back", sentence="{about} came back", tone=Tone.BAD, explains=True
)
class AlertReopened(_Standing, frozen=True):
    """What was over a short while ago is there again."""


@event_type("alert.persisted", label="alert still there", sentence="{about} is still there", tone=Tone.BAD)
class AlertPersisted(_Standing, frozen=True):
    """It came again, a day after it was told of, and nobody looks after it."""


@event_type(
    "alert.acknowledged",
    label="alert acknowledged",
    sentence="{by} looks after {about}",
    explains=True,
)
class AlertAcknowledged(_Standing, frozen=True):
    """Somebody looks after it: `by` whom, and through which route's `link`, if it was one."""

    by: str
    note: str
    link: str = ""


@event_type("alert.muted", label="alert muted", sentence="{subject} was muted until {until}", tone=Tone.ODD)
class AlertMuted(_Standing, frozen=True):
    """Nobody is told of it until then."""

    until: datetime
    note: str


@event_type("alert.unmuted", label="alert is told again", sentence="{subject} is told again")
class AlertUnmuted(_Standing, frozen=True):
    """It came so many times while it was muted, and is told from now on."""

    meanwhile: int


@event_type("alert.resolved", label="alert over", sentence="{about} is over", tone=Tone.GOOD, explains=True)
class AlertResolved(_Standing, frozen=True):
    """It is over: by a person, or by the event that answers it."""

    by: str
    note: str
    answer: str = ""


ALERT = Kind(
    name="alert",
    title=("alert", "alerts"),
    named=False,
    tables=("meguru.alerts.schema",),
    operations=("meguru.alerts.operations",),
    events=(
        AlertOpened,
        AlertReopened,
        AlertPersisted,
        AlertAcknowledged,
        AlertMuted,
        AlertUnmuted,
        AlertResolved,
    ),
    grants={"engineer": ("*",), "data-scientist": ("write",)},
    project_of="meguru.alerts.store:project_of",
    internal={
        "follow": "the follower opens and answers alerts as events come",
        "link": "who holds a signed link acknowledges the alert that it names",
    },
    services=(Service(name="alerts", factory="meguru.alerts.follow:AlertFollower"),),
    page="/ui/alerts/{name}",
)
