"""`meguru pool`."""

from __future__ import annotations

import click

from meguru.cli.arguments import POOL
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session


@group
def command() -> None:
    """Pools: how many steps may use a scarce thing, such as the GPUs, at a time."""


@command.command("set")
@click.argument("name", type=POOL)
@click.argument("slots", type=int)
@with_session
def set_(session: Session, name: str, slots: int) -> None:
    """Give pool NAME so many SLOTS; 0 lets no further step begin."""
    from meguru.app.calls import pool_set as set_pool

    made = set_pool(session.open(create=True), name=name, slots=slots)
    session.show(
        made, lambda: click.echo(f"pool {made.name} has {made.slots} places, {len(made.taken)} taken")
    )


@command.command("list")
@with_session
def list_(session: Session) -> None:
    """List pools, and who holds their places."""
    from meguru.app.calls import pool_list as list_pools

    found = list_pools(session.open())
    rows = [(p.name, p.slots, len(p.taken), " ".join(one.holder for one in p.taken)) for p in found]
    session.table(found, ("pool", "slots", "taken", "by"), rows, begin="meguru pool set gpu 2")


@command.command()
@click.argument("name", type=POOL)
@with_session
def remove(session: Session, name: str) -> None:
    """Take pool NAME away."""
    from meguru.app.calls import pool_remove as remove_pool

    gone = remove_pool(session.open(), name=name)
    session.show(
        gone, lambda: click.echo(f"pool {gone.name} is gone; undo: meguru pool set {name} {gone.slots}")
    )
