"""`meguru erase`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session
from meguru.cli.text import gettext as _
from meguru.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meguru.datasets.personal.erase import ErasureReport


@verb
@click.argument("who", metavar="COLUMN=VALUE…", nargs=-1)
@click.option("--dataset", "only", multiple=True, help="Only from this dataset (and no predictions).")
@click.option("--dry-run", is_flag=True, help="Say what would be erased, and erase nothing.")
@click.option("--reason", default="", help="Why; it is written down, and who it was is not.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--again", is_flag=True, help="Erase again who came back with a restored backup.")
@click.option("--list", "listed", is_flag=True, help="List erasures: when, why and how many rows; never who.")
@with_session
def command(
    session: Session,
    who: tuple[str, ...],
    *,
    only: tuple[str, ...],
    dry_run: bool,
    reason: str,
    yes: bool,
    again: bool,
    listed: bool,
) -> int:
    """Erase a person: the rows whose COLUMN has this VALUE, from all that is kept.

    Several COLUMN=VALUE are one person: a row with any of them goes. From every version of every dataset,
    from predictions, feedback, features, outputs and logs of steps, and files of runs; files that have such
    rows are written anew, and the old ones deleted. A second search proves that nothing is left.
    """
    if again or listed:
        if who or only or (again and listed):
            raise UsageError("--again and --list stand alone", hint="meguru erase --list")
        return _again(session) if again else _list(session)
    told = read_who(who)
    ws = session.open()
    names = list(only) or None
    if not yes or dry_run:
        from meguru.app.calls import dataset_erase as ask

        planned = ask(ws, who=told, only=names, dry_run=True)
        if dry_run:
            session.show(planned, lambda: _tell(planned, "would be erased"))
            return 0
        _tell(planned, "would be erased", err=True)
        click.confirm(_("erase it? nothing brings it back"), abort=True, err=True)
    return _erase(session, told, names, reason)


def read_who(who: Iterable[str]) -> dict[str, list[str]]:
    """Read ``COLUMN=VALUE`` of one person."""
    found: dict[str, list[str]] = {}
    for each in who:
        column, equals, value = each.partition("=")
        if not (column and equals and value):
            raise UsageError(
                f"{each[:40]!r} tells nobody", hint="write COLUMN=VALUE, as email=anna@example.com"
            )
        found.setdefault(column, []).append(value)
    if not found:
        raise UsageError("nobody is named", hint="write COLUMN=VALUE, as email=anna@example.com")
    return found


def _erase(session: Session, who: dict[str, list[str]], names: list[str] | None, reason: str) -> int:
    from meguru.app.calls import dataset_erase as ask

    ws = session.open()
    done = ask(ws, who=who, only=names, reason=reason)
    left = ask(ws, who=who, only=names, dry_run=True)

    def human() -> None:
        _tell(done, "erased")
        if left.found:
            _tell(left, "found by a second search")
        else:
            click.echo(_("a second search finds nothing"))
        for digest in left.remaining:
            click.echo(f"blob {digest[:12]} stays: something else needs it (meguru doctor --deep)")

    session.show({"erased": done, "left": left}, human)
    return 1 if left.found or left.remaining or left.stays else 0


def _again(session: Session) -> int:
    from meguru.app.calls import erasure_again, erasure_owed

    ws = session.open()
    owed = erasure_owed(ws)
    done: Any = erasure_again(ws) if len(owed.ids) > owed.unreadable else None

    def human() -> None:
        if not owed.ids:
            click.echo(_("this database knows of every erasure"))
        if done is not None:
            click.echo(f"{len(owed.ids) - owed.unreadable} erasures that a restored backup had forgotten")
            _tell(done, "erased")
        if owed.unreadable:
            click.echo(f"{owed.unreadable} erasures can't be read: the key that marked them is lost")

    session.show({"owed": owed, "erased": done}, human)
    return 1 if owed.unreadable else 0


def _list(session: Session) -> int:
    from meguru.app.calls import erasure_list

    found = erasure_list(session.open(), limit=1000)
    rows = [(e.id, e.at, e.by, ", ".join(e.columns), e.rows, e.reason) for e in found.items]
    columns = ("erasure", "when", "by", "columns", "rows", "reason")
    session.table(found, columns, rows, begin="meguru erase COLUMN=VALUE")
    return 0


def _tell(report: ErasureReport, what: str, *, err: bool = False) -> None:
    def say(text: str) -> None:
        click.echo(text, err=err)

    say(f"{sum(erased_thing.rows for erased_thing in report.found):,} rows {what}")
    for thing in report.found:
        say(f"  {thing.ref}: {thing.rows:,} {thing.what}")
    for column, count in sorted(report.followed.items()):
        say(f"  {column}: {count:,} values of theirs were looked for in what was made from their rows")
    for thing in report.stays:
        say(f"  stays in {thing.ref}: {thing.rows:,} {thing.what}: {thing.stays}")
    for model in report.models:
        say(f"  {model} was trained on it")
    places = ", ".join(f"{count:,} {place}" for place, count in sorted(report.searched.items()))
    if places:
        say(f"  searched: {places}")
    for place, count in sorted(report.unsearched.items()):
        say(f"  not searched: {count:,} {place}")
    for place in report.beyond:
        say(f"  out of reach: {place}")
