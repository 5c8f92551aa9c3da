"""`meguru trigger`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from meguru.cli.arguments import TRIGGER
from meguru.cli.groups import group
from meguru.cli.session import Session, read_moment, read_pairs, with_session
from meguru.cli.tables import print_table

if TYPE_CHECKING:
    from datetime import datetime

    from meguru.triggers.types import Firing

FIRINGS = ("at", "trigger", "state", "due", "started", "reason")


@group
def command() -> None:
    """Triggers: when an event matches, start an action; once for each event."""


@command.command()
@click.argument("name", type=TRIGGER)
@click.option("--on", "on_", required=True, help='When, as JSON: {"monitor":"delay-watch","state":"alert"}')
@click.option(
    "--do", "action", required=True, help='What, as JSON: {"pipeline":"train_delay"} or {"endpoint":"delay"}'
)
@click.option("--cooldown", default=0.0, help="Least seconds between two firings.")
@click.option("--max-per-day", type=int, default=None, help="Most firings of any 24 hours.")
@with_session
def create(
    session: Session, name: str, on_: str, action: str, cooldown: float, max_per_day: int | None
) -> None:
    """Make trigger NAME."""
    from meguru.app.calls import trigger_create as ask

    read = read_pairs([f"on={on_}", f"action={action}"])
    made = ask(
        session.open(),
        name=name,
        on=read["on"],
        action=read["action"],
        cooldown=cooldown,
        max_per_day=max_per_day,
    )
    session.show(made, lambda: click.echo(f"{made.ref}: on {_json(made.on)} do {_json(made.action)}"))


@command.command()
@click.argument("name", type=TRIGGER)
@click.option("--on", "on_", help="When, as JSON.")
@click.option("--do", "action", help="What, as JSON.")
@click.option("--cooldown", type=float, help="Least seconds between two firings.")
@click.option("--max-per-day", type=int, help="Most firings of any 24 hours.")
@click.option("--note", help="What it is for.")
@with_session
def update(
    session: Session,
    name: str,
    *,
    on_: str | None,
    action: str | None,
    cooldown: float | None,
    max_per_day: int | None,
    note: str | None,
) -> None:
    """Change the declaration of trigger NAME; what is not given stays."""
    from meguru.app.calls import trigger_declare, trigger_show
    from meguru.cli.specs import change
    from meguru.triggers.kind import TriggerSpec

    given = {
        "on": read_pairs([f"on={on_}"])["on"] if on_ else None,
        "action": read_pairs([f"action={action}"])["action"] if action else None,
        "cooldown": cooldown,
        "max_per_day": max_per_day,
        "note": note,
    }
    change(session, trigger_declare, trigger_show(session.open(), name=name), TriggerSpec, given)


@command.command()
@click.argument("name", type=TRIGGER)
@with_session
def delete(session: Session, name: str) -> None:
    """Take trigger NAME out of use: it fires no more; what it did stays."""
    from meguru.app.calls import trigger_retire
    from meguru.cli.specs import retire

    retire(session, trigger_retire, name)


@command.command("list")
@with_session
def list_(session: Session) -> None:
    """List triggers."""
    from meguru.app.calls import trigger_list as list_triggers

    found = list_triggers(session.open())
    rows = [(t.name, _json(t.on), _json(t.action), "on" if t.enabled else "paused", t.due_at) for t in found]
    session.table(
        found,
        ("trigger", "on", "action", "state", "next"),
        rows,
        begin="meguru trigger create NAME --on JSON --do JSON",
    )


@command.command()
@click.argument("name", required=False, default="", type=TRIGGER)
@click.option("--limit", default=30, show_default=True, help="How many, newest first.")
@click.option("--missed", is_flag=True, help="Only moments of a calendar that did not fire.")
@with_session
def history(session: Session, name: str, *, limit: int, missed: bool) -> None:
    """Show what trigger NAME (or every one) did, and what was held back or missed, and why."""
    from meguru.app.calls import trigger_history as ask
    from meguru.triggers.types import FiringState

    page = ask(session.open(), name=name, limit=limit, state=FiringState.MISSED if missed else None)
    session.table(page, FIRINGS, [_firing(one) for one in page.items], begin="meguru trigger fire NAME")


@command.command()
@click.argument("name", type=TRIGGER)
@with_session
def show(session: Session, name: str) -> None:
    """Show trigger NAME: when it fires next, what it did, and what it missed."""
    from meguru.app.calls import trigger_history as ask
    from meguru.app.calls import trigger_next as next_moments
    from meguru.app.calls import trigger_show as ask_one

    ws = session.open()
    found, page = ask_one(ws, name=name), ask(ws, name=name, limit=10)
    upcoming = next_moments(ws, name=name, count=3)

    def human() -> None:
        state = "on" if found.enabled else "paused"
        click.echo(f"{found.ref}  {state}  on {_json(found.on)} do {_json(found.action)}")
        for moment in upcoming.moments:
            click.echo(f"  next {_wall(moment)} {upcoming.zone}")
        print_table(FIRINGS, [list(_firing(one)) for one in page.items])

    session.show({"trigger": found, "next": upcoming, "history": page.items}, human)


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


def _firing(one: Firing) -> tuple[object, ...]:
    due = one.evidence.get("due", "")
    if "before" in one.evidence:
        count = one.evidence["count"]
        due = f"{due} and {'very many' if count is None else count - 1} more"
    return one.at, one.trigger, one.state, due, one.started, one.reason


def _wall(moment: datetime) -> str:
    return moment.strftime("%a %Y-%m-%d %H:%M %z")


def _json(value: object) -> str:
    import msgspec

    return msgspec.json.encode(value).decode()
