"""`meguru trigger`."""

from __future__ import annotations

import click

from meguru.cli.session import Session, read_pairs, with_session


@click.group()
def command() -> None:
    """Triggers: when an event matches, start an action; once for each event."""


@command.command()
@click.argument("name")
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
    from meguru.triggers.create import create as ask

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


@command.command("list")
@with_session
def list_(session: Session) -> None:
    """List triggers."""
    from meguru.triggers.show import list_triggers

    found = list_triggers(session.open())
    rows = [(t.name, _json(t.on), _json(t.action), "on" if t.enabled else "paused", t.due_at) for t in found]
    session.table(found, ("trigger", "on", "action", "state", "next"), rows)


@command.command()
@click.argument("name", required=False, default="")
@click.option("--limit", default=30, show_default=True, help="How many, newest first.")
@with_session
def history(session: Session, name: str, limit: int) -> None:
    """Show what trigger NAME (or every one) did, and what was held back and why."""
    from meguru.triggers.show import history as ask

    page = ask(session.open(), name=name, limit=limit)
    rows = [(f.at, f.trigger, f.state, f.started, f.reason) for f in page.items]
    session.table(page, ("at", "trigger", "state", "started", "reason"), rows)


@command.command()
@click.argument("name")
@click.option("--key", default="", help="Fires once for each key.")
@click.option("--subject", default="", help="What the action is about, such as model/delay@3.")
@click.option("--reason", default="", help="Why; it is kept with the firing.")
@with_session
def fire(session: Session, name: str, key: str, subject: str, reason: str) -> None:
    """Start the action of trigger NAME now."""
    from meguru.triggers.fire import fire as ask

    made = ask(session.open(), name=name, key=key, subject=subject, reason=reason)
    session.show(made, lambda: click.echo(f"{made.ref}: {made.state} {made.started}{made.reason}"))


@command.command()
@click.argument("name")
@with_session
def pause(session: Session, name: str) -> None:
    """Hold trigger NAME back."""
    from meguru.triggers.create import pause as ask

    made = ask(session.open(), name=name)
    session.show(made, lambda: click.echo(f"{made.ref} is paused; undo: meguru trigger resume {name}"))


@command.command()
@click.argument("name")
@with_session
def resume(session: Session, name: str) -> None:
    """Let trigger NAME fire again."""
    from meguru.triggers.create import resume as ask

    made = ask(session.open(), name=name)
    session.show(made, lambda: click.echo(f"{made.ref} fires again; undo: meguru trigger pause {name}"))


def _json(value: object) -> str:
    import msgspec

    return msgspec.json.encode(value).decode()
