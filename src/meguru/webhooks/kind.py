"""Webhooks, as a kind: each is of a project, and is told of that project's events."""

from __future__ import annotations

import msgspec

from meguru.kernel.kinds import Attention, Kind, Payload, Remedy, Service, Tone, event_type


@event_type("webhook.created", label="webhook made", sentence="{subject} was made")
class WebhookCreated(Payload, frozen=True):
    """An address is called from now on."""

    name: str
    url: str
    topics: list[str]
    state: str
    events: list[str] = msgspec.field(default_factory=list)


@event_type("webhook.changed", label="webhook changed", sentence="{subject} was changed")
class WebhookChanged(Payload, frozen=True):
    """What is given changed; of the secret it is only told whether there is a new one."""

    new_secret: bool
    name: str | None = None
    url: str | None = None
    topics: list[str] | None = None
    description: str | None = None
    state: str | None = None
    events: list[str] | None = None


@event_type("webhook.removed", label="webhook removed", sentence="{subject} was removed", tone=Tone.ODD)
class WebhookRemoved(Payload, frozen=True):
    """An address is called no more."""

    name: str
    url: str


@event_type("webhook.tested", label="webhook tried", sentence="{subject} was called with an example")
class WebhookTested(Payload, frozen=True):
    """It was called with an example; `status` is 0 when nothing came back, and `error` tells why."""

    topic: str
    status: int
    error: str


@event_type(
    "webhook.failed",
    label="call of a webhook not taken",
    sentence="a call of {subject} was not taken",
    tone=Tone.BAD,
    needs_person=Attention(
        answered_by=(
            Remedy("webhook.tested", {"error": ""}),
            Remedy("webhook.changed"),
            Remedy("webhook.removed"),
        ),
        meaning="Another system was not told of {topic}.",
    ),
)
class WebhookFailed(Payload, frozen=True):
    """The other side did not take a call, and it won't be made again."""

    topic: str
    why: str


WEBHOOK = Kind(
    name="webhook",
    title=("webhook", "webhooks"),
    named=False,
    tables=("meguru.webhooks.schema",),
    operations=("meguru.webhooks.operations",),
    events=(WebhookCreated, WebhookChanged, WebhookRemoved, WebhookTested, WebhookFailed),
    grants={"engineer": ("*",)},
    project_of="meguru.webhooks.store:project_of",
    jobs={"webhook_call": "meguru.webhooks.call:HANDLER"},
    internal={
        "fail": "the job that calls tells that a call was not taken",
        "note": "the job that calls writes down what it did",
        "promise": "the follower promises the calls of an event",
        "seal": "a server seals secrets that are not sealed as new ones are",
    },
    # A pipeline of hours must not hold back a call, nor a slow receiver a step.
    job_threads=3,
    services=(Service(name="webhooks", factory="meguru.webhooks.follow:WebhookFollower"),),
)
