"""Make, change and remove webhooks."""

from __future__ import annotations

import re

import msgspec

from meguru.base import refs
from meguru.base.ids import new_id
from meguru.errors import InvalidInput
from meguru.kernel import events as log
from meguru.kernel.kinds.event_patterns import check_patterns
from meguru.kernel.operations import Context, operation
from meguru.kernel.projects import check_project
from meguru.webhooks import store
from meguru.webhooks.adapters import adapter_of
from meguru.webhooks.addresses import check_url
from meguru.webhooks.secrets import seal
from meguru.webhooks.types import Webhook, WebhookState

MAX_TEXT = 1000
_NAME = re.compile(r"(?i)(?=.{1,63}$)[a-z0-9]([a-z0-9._-]*[a-z0-9])?")


@operation("webhook.create", permission="webhook:write", on="project", refers={"project": "project"})
def create(
    ctx: Context,
    *,
    name: str,
    url: str,
    topics: list[str] | None = None,
    events: list[str] | None = None,
    description: str = "",
    secret: str = "",
    state: WebhookState = WebhookState.ACTIVE,
    project: str | None = None,
) -> Webhook:
    """Make a webhook: `url` is called when something happens that it is to be told of, signed with `secret`.

    `events` are patterns of our own types of events, such as ``release.*``; `topics` are those of other
    protocols, in their words. It is told of what happens in one project: the one in which it is asked, unless
    another is named.

    Raises
    ------
    InvalidInput
        If the address may not be called, or there is no such event or topic.
    """
    check_name(name)
    check_url(url, ctx.settings)
    home = _home(ctx, project)
    now, identity = ctx.now(), new_id("webhook")
    sealed = seal(ctx.ws, identity, _check_text("secret", secret)) if secret else ""
    told_of = _check_subscribed(topics or [], events or [])
    said = {"name": name, "url": url, **told_of, "state": state}
    webhook = Webhook(
        id=identity,
        name=name,
        url=url,
        **told_of,
        description=_check_text("description", description),
        state=state,
        has_secret=bool(secret),
        # The event of its making is the next one: it is told of what comes after.
        since_seq=log.lock(ctx.tx)[0] + 1,
        created_by=ctx.principal.name,
        created_at=now,
        updated_at=now,
        project=home,
    )
    store.save(ctx.tx, webhook)
    ctx.emit("webhook.created", f"webhook/{identity}", data=said)
    if secret:
        store.keep_secret(ctx.tx, identity, sealed)
    return webhook


@operation("webhook.update", permission="webhook:write", on="webhook")
def update(
    ctx: Context,
    *,
    webhook: str,
    name: str | None = None,
    url: str | None = None,
    topics: list[str] | None = None,
    events: list[str] | None = None,
    description: str | None = None,
    secret: str | None = None,
    state: WebhookState | None = None,
) -> Webhook:
    """Change what is given of a webhook."""
    given = {
        "name": name,
        "url": url,
        "topics": topics,
        "events": events,
        "description": description,
        "state": state,
    }
    said = {key: value for key, value in given.items() if value is not None}
    if name is not None:
        check_name(name)
    if url is not None:
        # Before the transaction is open: a name that is slow to look up would keep all writers waiting.
        check_url(url, ctx.settings)
    known = store.one(ctx.tx, webhook, ctx.visible)
    if topics is not None or events is not None:
        kept = known.topics if topics is None else topics, known.events if events is None else events
        told_of = _check_subscribed(*kept)
        said |= {field: told_of[field] for field in told_of if field in said}
    if description is not None:
        _check_text("description", description)
    told = ctx.emit("webhook.changed", f"webhook/{known.id}", data=said | {"new_secret": bool(secret)})
    # Switched on again it is told of what comes from now on, not of all that it missed.
    wakes = state is WebhookState.ACTIVE and known.state is not state
    changed = msgspec.structs.replace(
        known,
        **said,
        has_secret=known.has_secret or bool(secret),
        since_seq=told.seq if wakes else known.since_seq,
        updated_at=ctx.now(),
    )
    store.save(ctx.tx, changed)
    if secret:
        store.keep_secret(ctx.tx, known.id, seal(ctx.ws, known.id, _check_text("secret", secret)))
    return changed


@operation("webhook.delete", permission="webhook:write", on="webhook")
def delete(ctx: Context, *, webhook: str) -> None:
    """Remove a webhook; calls that were promised are not made."""
    known = store.one(ctx.tx, webhook, ctx.visible)
    # While it is there, its event is seen to be of its project.
    ctx.emit("webhook.removed", f"webhook/{known.id}", data={"name": known.name, "url": known.url})
    store.remove(ctx.tx, known.id)


def _home(ctx: Context, project: str | None) -> str:
    """Return the project of a new webhook, in which its maker may make one; empty for the default one."""
    found = ctx.ws.project if project is None else project
    home = "" if found == refs.DEFAULT else found
    ctx.require("webhook:write", project=home)
    if home:
        check_project(ctx.tx, home)
    return home


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


def _check_subscribed(topics: list[str], events: list[str]) -> dict[str, list[str]]:
    """Return what a webhook is told of, each once: something that there is."""
    if not topics and not events:
        raise InvalidInput(
            "Webhook events must be a non-empty list of WebhookEvent objects",
            field="events",
            hint="name what it is told of: release.*, or * for everything",
        )
    for topic in topics:
        adapter_of(topic)
    return {"topics": list(dict.fromkeys(topics)), "events": check_patterns(events, field="events")}


def _check_text(field: str, text: str) -> str:
    if len(text) > MAX_TEXT:
        raise InvalidInput(f"{field} has at most {MAX_TEXT} characters", field=field)
    return text
