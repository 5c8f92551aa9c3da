"""`meguru trigger`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from meguru.cli.arguments import TRIGGER
from meguru.cli.groups import group
from meguru.cli.session import Session, read_moment, with_session
from meguru.cli.tables import print_table
from meguru.cli.trigger_dead import dead
from meguru.cli.trigger_declare import create, delete, update
from meguru.cli.trigger_test import test

if TYPE_CHECKING:
    from datetime import datetime

    from meguru.triggers.arrivals.types import ListenerState
    from meguru.triggers.types import Firing, Trigger

STATES = ("fired", "owed", "suppressed", "failed", "missed", "filtered")
FIRINGS = ("at", "trigger", "state", "due", "started", "reason")


@group
def command() -> None:
    """Triggers: when an event matches, start an action; once for each event."""


for _each in (create, update, delete, test, dead):
    command.add_command(_each)


@command.command("list")
@with_session
def list_(session: Session) -> None:
    """List triggers."""
    from meguru.app.calls import trigger_list as list_triggers

    found = list_triggers(session.open())
    rows = [
        (t.name, spelled(t.on), spelled(t.action), "on" if t.enabled else "paused", t.due_at) for t in found
    ]
    session.table(
        found,
        ("trigger", "on", "action", "state", "next"),
        rows,
        begin="meguru trigger create NAME --on KEY=VALUE --do KEY=VALUE",
    )


@command.command()
@click.argument("name", required=False, default="", type=TRIGGER)
@click.option("--limit", default=30, show_default=True, help="How many, newest first.")
@click.option("--state", type=click.Choice(STATES), help="Only those of one state, such as owed.")
@click.option("--missed", is_flag=True, help="Only moments of a calendar that did not fire.")
@with_session
def history(session: Session, name: str, *, limit: int, state: str | None, missed: bool) -> None:
    """Show what trigger NAME (or every one) did, and what was held back or missed, and why."""
    from meguru.app.calls import trigger_history as ask
    from meguru.triggers.types import FiringState

    wanted = FiringState(state) if state else FiringState.MISSED if missed else None
    page = ask(session.open(), name=name, limit=limit, state=wanted)
    session.table(page, FIRINGS, [_firing(one) for one in page.items], begin="meguru trigger fire NAME")


@command.command()
@click.argument("name", type=TRIGGER)
@with_session
def show(session: Session, name: str) -> None:
    """Show trigger NAME: when it fires next, what it did, and what it missed."""
    from meguru.app.calls import trigger_history as ask
    from meguru.app.calls import trigger_listener as listening
    from meguru.app.calls import trigger_next as next_moments
    from meguru.app.calls import trigger_show as ask_one
    from meguru.triggers.types import FiringState

    ws = session.open()
    found, page = ask_one(ws, name=name), ask(ws, name=name, limit=10)
    owed = ask(ws, name=name, limit=1, state=FiringState.OWED)
    upcoming, source = next_moments(ws, name=name, count=3), listening(ws, name=name)

    def human() -> None:
        state = "on" if found.enabled else "paused"
        click.echo(f"{found.ref}  {state}  on {spelled(found.on)} do {spelled(found.action)}")
        for line in limits_of(found):
            click.echo(f"  {line}")
        for moment in upcoming.moments:
            click.echo(f"  next {_wall(moment)} {upcoming.zone}")
        for one in owed.items:
            click.echo(f"  owed since {one.at:%Y-%m-%d %H:%M:%S} UTC: {one.reason}")
        if source is not None:
            click.echo("  " + _listening(source))
        print_table(FIRINGS, [list(_firing(one)) for one in page.items])

    shown = {"trigger": found, "next": upcoming, "listener": source, "history": page.items}
    session.show(shown, human)


@command.command("next")
@click.argument("name", type=TRIGGER)
@click.option("--count", default=5, show_default=True, help="How many.")
@with_session
def next_(session: Session, name: str, count: int) -> None:
    """Show the next moments of calendar trigger NAME, in its time zone and in yours."""
    from meguru.app.calls import trigger_next as next_moments

    found = next_moments(session.open(), name=name, count=count)
    if not found.enabled:
        session.note(f"trigger/{name} is paused: these moments will be missed")
    rows = [(_wall(moment), found.zone, moment) for moment in found.moments]
    session.table(found, ("there", "zone", "here"), rows, empty=f"trigger/{name} waits for events")


@command.command()
@click.argument("name", type=TRIGGER)
@click.option("--key", default="", help="Fires once for each key.")
@click.option("--subject", default="", help="What the action is about, such as model/delay@3.")
@click.option("--reason", default="", help="Why; it is kept with the firing.")
@click.option(
    "--at", "at", default=None, metavar="TIME", help="For this moment, such as one that was missed."
)
@with_session
def fire(session: Session, name: str, key: str, subject: str, reason: str, at: str | None) -> None:
    """Start the action of trigger NAME now."""
    from meguru.app.calls import trigger_fire as ask

    moment = read_moment(at) if at else None
    made = ask(session.open(), name=name, key=key, subject=subject, reason=reason, scheduled_at=moment)
    session.show(made, lambda: click.echo(f"{made.ref}: {made.state} {made.started}{made.reason}"))


@command.command()
@click.argument("name", type=TRIGGER)
@with_session
def pause(session: Session, name: str) -> None:
    """Hold trigger NAME back."""
    from meguru.app.calls import trigger_pause as ask

    made = ask(session.open(), name=name)
    session.show(made, lambda: click.echo(f"{made.ref} is paused; undo: meguru trigger resume {name}"))


@command.command()
@click.argument("name", type=TRIGGER)
@with_session
def resume(session: Session, name: str) -> None:
    """Let trigger NAME fire again."""
    from meguru.app.calls import trigger_resume as ask

    made = ask(session.open(), name=name)
    session.show(made, lambda: click.echo(f"{made.ref} fires again; undo: meguru trigger pause {name}"))


def limits_of(found: Trigger) -> list[str]:
    """Return a trigger's limits, each as its option gives it, and in whose name it acts."""
    budget = found.budget
    parts = {
        "filter": found.filter,
        "key": found.key,
        "debounce": f"{found.debounce:g}s" if found.debounce else "",
        "debounce-max": f"{found.debounce_max:g}s" if found.debounce_max else "",
        "cooldown": f"{found.cooldown:g}s" if found.cooldown else "",
        "max-per-day": found.max_per_day or "",
        "budget": f"runs={budget.runs} seconds={budget.seconds} per={budget.per}" if budget else "",
        "acts for": found.declared_by,
    }
    return [f"{name}: {value}" for name, value in parts.items() if value]


def _firing(firing: Firing) -> tuple[object, ...]:
    due = firing.evidence.get("due", "")
    if "before" in firing.evidence:
        count = firing.evidence["count"]
        due = f"{due} and {'very many' if count is None else count - 1} more"
    times = f" ({firing.repeats + 1} times)" if firing.repeats else ""
    return firing.at, firing.trigger, firing.state, due, firing.started, firing.reason + times


def _listening(source: ListenerState) -> str:
    since = source.connected_since
    parts = [f"{source.received} received"]
    if since or source.holder:  # who is only posted to is never connected
        parts.insert(0, f"connected since {_wall(since)}" if since else "not connected")
    if source.last_error and source.last_error_at is not None:
        parts.append(f"last error {_wall(source.last_error_at)}: {source.last_error}")
    if source.dead:
        parts.append(f"{source.dead} dead letters: meguru trigger dead list {source.trigger}")
    return "; ".join(parts)


def _wall(moment: datetime) -> str:
    return moment.strftime("%a %Y-%m-%d %H:%M %z")


def spelled(fields: dict[str, object]) -> str:
    """Return fields as the options take them: ``pipeline=train params={"day":"{date}"}``."""
    import msgspec

    texts = {
        key: value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for key, value in fields.items()
    }
    plain = sorted(texts, key=lambda key: not isinstance(fields[key], str))
    return " ".join(f"{key}={texts[key]}" for key in plain)
