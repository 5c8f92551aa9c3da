"""The specs of notifications: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

import msgspec
from sqlalchemy import Connection

from meguru.alerts.channels import channel_of
from meguru.alerts.channels.secret_urls import refuse_written_out
from meguru.alerts.notifications import store
from meguru.alerts.notifications.kind import NotificationSpec
from meguru.base import refs
from meguru.base.durations import seconds
from meguru.base.hours import read_hours
from meguru.base.server_variables import NOTIFICATIONS
from meguru.errors import InvalidInput
from meguru.kernel import events
from meguru.kernel.kinds.event_patterns import check_patterns
from meguru.kernel.operations import Context
from meguru.kernel.projects import check_project

MAX_RECEIVERS = 20
ALL_PROJECTS = "*"
MAX_DEDUPE_SECONDS = 7 * 86400.0


def find(tx: Connection, name: str) -> NotificationSpec | None:
    """Return the present spec; None if there is no such notification."""
    route = store.find(tx, name)
    return None if route is None else msgspec.convert(route, NotificationSpec, from_attributes=True)


def names(tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
    """Return the names of what is declared in some projects (None: in all), sorted."""
    return [route.name for route in store.all_routes(tx, projects)]


def check(ctx: Context, name: str, spec: NotificationSpec) -> NotificationSpec:
    """Return the spec with its length of time in seconds; refuse what could never tell anybody.

    Raises
    ------
    InvalidInput
        If a receiver can't be reached by any channel, holds a secret in clear, or a field makes no sense.
    Forbidden
        If it would tell of a project in which its author may not see alerts and events.
    """
    check_receivers(ctx, spec.to)
    _check_secret(spec.secret)
    read_hours(spec.hours)
    return msgspec.structs.replace(
        spec,
        to=list(dict.fromkeys(spec.to)),
        events=check_patterns(spec.events, field="events"),
        projects=_projects(ctx, name, spec),
        dedupe=_dedupe(spec.dedupe),
    )


def check_receivers(ctx: Context, to: list[str]) -> None:
    """Refuse receivers that no channel can reach, or whose address holds a secret in clear."""
    if not 1 <= len(to) <= MAX_RECEIVERS:
        raise InvalidInput(f"there are 1 to {MAX_RECEIVERS} receivers", field="to", hint='["console"]')
    for index, each in enumerate(to):
        NOTIFICATIONS.check(each, field=f"to[{index}]")
        channel, address = channel_of(each, field=f"to[{index}]")
        if not NOTIFICATIONS.names_in(address):
            channel.check(address, ctx.settings, field=f"to[{index}]")
            if each.startswith(("slack:", "teams:")):
                name = f"{NOTIFICATIONS.prefix}{each.partition(':')[0].upper()}"
                refuse_written_out(address, field=f"to[{index}]", variable=name)


def uses(name: str, spec: NotificationSpec) -> list[str]:
    """Return nothing: it names no thing."""
    del name, spec
    return []


def save(ctx: Context, name: str, spec: NotificationSpec) -> None:
    """Write the spec; it tells of what comes after it was first declared."""
    values: dict[str, Any] = msgspec.structs.asdict(spec) | {"severity": spec.severity.value}
    # The event of this declaration is the next one.
    store.declare(ctx.tx, name, values, at=ctx.now(), seq=events.lock(ctx.tx)[0] + 1)


def retire(ctx: Context, name: str) -> None:
    """Take the notification out of use; what it was still to tell is let go."""
    store.retire(ctx.tx, name, ctx.now())


def _check_secret(secret: str) -> None:
    NOTIFICATIONS.check(secret, field="secret")
    if NOTIFICATIONS.without(secret) or len(NOTIFICATIONS.names_in(secret)) > 1:
        raise InvalidInput(
            "a secret is named, and never written",
            field="secret",
            hint='secret = "${MEGURU_NOTIFY_SECRET}", set where the server runs',
        )


def _dedupe(given: str | float) -> float:
    found = 0.0 if given in {0, "0", "0s"} else seconds(given, field="dedupe") or 0.0
    if found > MAX_DEDUPE_SECONDS:
        raise InvalidInput("dedupe is at most 7 days", field="dedupe")
    return found


def _projects(ctx: Context, name: str, spec: NotificationSpec) -> list[str]:
    own = refs.project_of(name)
    for given in spec.projects:
        project = "" if given == refs.DEFAULT else given
        if given == ALL_PROJECTS:
            ctx.require("event:read", why="it would tell of all projects")
        elif project != own:
            check_project(ctx.tx, project) if project else None
            ctx.require("event:read", project=project, why=f"it would tell of project {given}")
    return list(dict.fromkeys(spec.projects))
