"""Make, change and remove webhooks."""

from __future__ import annotations

import re

import msgspec

from meguru.base.ids import new_id
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.webhooks import store
from meguru.webhooks.addresses import check_url
from meguru.webhooks.secrets import seal
from meguru.webhooks.types import TOPICS, Webhook, WebhookState

MAX_TEXT = 1000
_NAME = re.compile(r"(?i)(?=.{1,63}$)[a-z0-9]([a-z0-9._-]*[a-z0-9])?")


@operation("webhook.create", permission="webhook:write")
def create(
    ctx: Context,
    *,
    name: str,
    url: str,
    topics: list[str],
    description: str = "",
    secret: str = "",
    state: WebhookState = WebhookState.ACTIVE,
) -> Webhook:
    """Make a webhook: `url` is called when something of its topics happens, signed with `secret`.

    Raises
    ------
    InvalidInput
        If the address may not be called, or a topic is none.
    """
    check_name(name)
    check_url(url, ctx.settings)
    now, identity = ctx.now(), new_id("webhook")
    sealed = seal(ctx.ws, identity, _check_text("secret", secret)) if secret else ""
    said = {"name": name, "url": url, "topics": check_topics(topics), "state": state}
    told = ctx.emit("webhook.created", f"webhook/{identity}", data=said)
    made = Webhook(
        id=identity,
        name=name,
        url=url,
        topics=topics,
        description=_check_text("description", description),
        state=state,
        has_secret=bool(secret),
        since_seq=told.seq,
        created_by=ctx.principal.name,
        created_at=now,
        updated_at=now,
    )
    store.keep(ctx.tx, made)
    if secret:
        store.keep_secret(ctx.tx, identity, sealed)
    return made


@operation("webhook.update", permission="webhook:write")
def update(
    ctx: Context,
    *,
    webhook: str,
    name: str | None = None,
    url: str | None = None,
    topics: list[str] | None = None,
    description: str | None = None,
    secret: str | None = None,
    state: WebhookState | None = None,
) -> Webhook:
    """Change what is given of a webhook."""
    given = {"name": name, "url": url, "topics": topics, "description": description, "state": state}
    said = {key: value for key, value in given.items() if value is not None}
    known = store.one(ctx.tx, webhook)
    if name is not None:
        check_name(name)
    if url is not None:
        check_url(url, ctx.settings)
    if topics is not None:
        check_topics(topics)
    if description is not None:
        _check_text("description", description)
    told = ctx.emit("webhook.changed", f"webhook/{known.id}", data=said | {"new_secret": bool(secret)})
    wakes = state is WebhookState.ACTIVE and known.state is not state
    changed = msgspec.structs.replace(
        known,
        **said,
        has_secret=known.has_secret or bool(secret),
        since_seq=told.seq if wakes else known.since_seq,
        updated_at=ctx.now(),
    )
    store.keep(ctx.tx, changed)
    if secret:
        store.keep_secret(ctx.tx, known.id, seal(ctx.ws, known.id, _check_text("secret", secret)))
    return changed


@operation("webhook.delete", permission="webhook:write")
def delete(ctx: Context, *, webhook: str) -> None:
    """Remove a webhook; calls that were promised are not made."""
    known = store.one(ctx.tx, webhook)
    store.remove(ctx.tx, known.id)
    ctx.emit("webhook.removed", f"webhook/{known.id}", data={"name": known.name, "url": known.url})


def check_name(name: str) -> str:
    """Return a name that a webhook may have."""
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f"Webhook name {name[:100]!r} is invalid. It must start and end with a letter or digit, be less "
            "than 63 characters long, and contain only letters, digits, dots (.), underscores (_), and "
            "hyphens (-)",
            field="name",
        )
    return name


def check_topics(topics: list[str]) -> list[str]:
    """Return topics, at least one, each of which there is."""
    if not topics or len(topics) > len(TOPICS):
        raise InvalidInput("Webhook events must be a non-empty list of WebhookEvent objects", field="topics")
    for topic in topics:
        if topic not in TOPICS:
            raise InvalidInput(
                f"{topic[:100]!r} is no topic of a webhook", hint=f"use {', '.join(TOPICS)}", field="topics"
            )
    return topics


def _check_text(field: str, text: str) -> str:
    if len(text) > MAX_TEXT:
        raise InvalidInput(f"{field} has at most {MAX_TEXT} characters", field=field)
    return text
