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
    from meguru.app.status.digests import DigestLine
    from meguru.app.status.side_by_side import EnvironmentsCompared
    from meguru.app.status.types import NeedLine, WorkLine, WorkspaceStatus


@verb
@with_session
def command(session: Session) -> None:
    """Show on one screen what is live, what runs, what failed and what waits for you.

    Where meguru.toml has environments, it shows what runs in each of them by digest, and what differs.
    """
    from meguru.app.calls import status_show

    found = status_show(session.open())
    beside = _environments(session)
    if beside is None:
        session.show(found, lambda: _print(found))
        return
    import msgspec

    session.show(msgspec.to_builtins(found) | {"environments": beside}, lambda: _print(found, beside))


def _environments(session: Session) -> EnvironmentsCompared | None:
    """Ask the environments of the project file what runs there; None where it has none."""
    from meguru.cli.environments import doors

    known = doors(session)
    if not known:
        return None
    from meguru.app.status.side_by_side import compare

    return compare(known)


def _print_beside(beside: EnvironmentsCompared) -> None:
    click.echo(coloured(_("environments"), "1;4"))
    reached = [name for name in beside.environments if name not in beside.unreached]
    rows = [
        [
            thing.what,
            *(_short(thing.by[name]) if name in thing.by else "-" for name in reached),
            _("differs") if thing.differs else "=",
        ]
        for thing in beside.things
    ]
    print_table(["what", *reached, ""], rows, empty=_("nothing runs in any"))
    for name, why in beside.unreached.items():
        click.echo(_("{name} was not reached: {why}").format(name=name, why=why), err=True)
    click.echo()


def _short(line: DigestLine) -> str:
    return f"@{line.ref.rpartition('@')[2]} {line.digest[:12]}"


def _print(found: WorkspaceStatus, beside: EnvironmentsCompared | None = None) -> None:
    if beside is not None:
        _print_beside(beside)
    live = [[e.endpoint, e.state, e.model, e.since, e.verdict, e.why] for e in found.live]
    parts = (
        (_("live"), ("endpoint", "state", "model", "since", "verdict", "why"), live, _("nothing is live")),
        (
            _("at work"),
            ("id", "pipeline", "state", "done", "since"),
            [_work(line) for line in found.working],
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
    return [[line.what, line.state, line.since, line.why] for line in lines]


def _work(line: WorkLine) -> list[Any]:
    done = "" if line.done is None else f"{line.done}/{line.of}" if line.of is not None else str(line.done)
    return [line.id, line.what, line.state, done, line.since]
