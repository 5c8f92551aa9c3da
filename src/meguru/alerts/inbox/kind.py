"""Subscriptions, as a kind: what a principal follows. Each is of its principal alone."""

from __future__ import annotations

from meguru.kernel.kinds import Kind, Payload, Service, event_type


@event_type(
    "subscription.begun",
    label="following",
    sentence="{subject} follows {about}",
    subject="principal/NAME",
)
class SubscriptionBegun(Payload, frozen=True):
    """A principal is told in its inbox of what happens to a thing."""

    about: str


@event_type(
    "subscription.ended",
    label="not following any more",
    sentence="{subject} follows {about} no more",
    subject="principal/NAME",
)
class SubscriptionEnded(Payload, frozen=True):
    """A principal is told of a thing no more, unless somebody names it there."""

    about: str


@event_type(
    "subscription.configured",
    label="inbox set up",
    sentence="{subject} said how it is told of its inbox",
    subject="principal/NAME",
)
class SubscriptionConfigured(Payload, frozen=True):
    """How a principal is told of what is in its inbox; the address itself stands beside the log."""

    by_mail: bool
    hours: str
    dedupe: float
    language: str


@event_type(
    "subscription.read", label="inbox read", sentence="{subject} read its inbox", subject="principal/NAME"
)
class SubscriptionRead(Payload, frozen=True):
    """A principal has seen what came up to an event's number."""

    until: int


SUBSCRIPTION = Kind(
    name="subscription",
    title=("subscription", "subscriptions"),
    named=False,
    tables=("meguru.alerts.inbox.schema",),
    operations=("meguru.alerts.inbox.operations",),
    events=(SubscriptionBegun, SubscriptionEnded, SubscriptionConfigured, SubscriptionRead),
    jobs={"inbox_mail": "meguru.alerts.inbox.mail:HANDLER"},
    services=(Service(name="inbox", factory="meguru.alerts.inbox.follow:InboxFollower"),),
    internal={
        "fill": "the follower of the log puts what happened into the inboxes of those whom it concerns"
    },
)
