"""`meguru status`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session
from meguru.cli.tables import coloured, print_table
from meguru.cli.text import gettext as _

if TYPE_CHECKING:
    from meguru.app.status.types import NeedLine, WorkLine, WorkspaceStatus


@verb
@with_session
def command(session: Session) -> None:
    """Show on one screen what is live, what runs, what failed and what waits for you."""
    from meguru.app.calls import status_show

    found = status_show(session.open())
    session.show(found, lambda: _print(found))


def _print(found: WorkspaceStatus) -> None:
    live = [[e.endpoint, e.state, e.model, e.since, e.verdict, e.why] for e in found.live]
    parts = (
        (_("live"), ("endpoint", "state", "model", "since", "verdict", "why"), live, _("nothing is live")),
        (
            _("at work"),
            ("id", "pipeline", "state", "done", "since"),
            [_work(each) for each in found.working],
            _("nothing runs"),
        ),
        (_("failed"), NEEDS, _needs(found.failed), _("nothing failed")),
        (_("waits for you"), NEEDS, _needs(found.waiting), _("nothing waits")),
    )
    quiet = []
    for title, columns, rows, none in parts:
        if not rows:
            quiet.append(none)
            continue
        click.echo(coloured(title, "1;4"))
        print_table(columns, rows)
        click.echo()
    if quiet:
        click.echo("; ".join(quiet))
    for each in (*found.failed, *found.waiting):
        if each.command:
            click.echo(f"  {each.what}: {coloured(each.command, '2')}")
    if found.more:
        click.echo(_("there is more of: {lists}").format(lists=", ".join(found.more)), err=True)


NEEDS = ("what", "state", "since", "why")


def _needs(lines: Iterable[NeedLine]) -> list[list[Any]]:
    return [[each.what, each.state, each.since, each.why] for each in lines]


def _work(line: WorkLine) -> list[Any]:
    done = "" if line.done is None else f"{line.done}/{line.of}" if line.of is not None else str(line.done)
    return [line.id, line.what, line.state, done, line.since]
