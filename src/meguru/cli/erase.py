"""`meguru erase`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from meguru.cli.session import Session, with_session
from meguru.errors import UsageError

if TYPE_CHECKING:
    from meguru.datasets.personal.erase import ErasureReport


@click.command()
@click.argument("who", metavar="COLUMN=VALUE")
@click.option("--dataset", "only", multiple=True, help="Only from this dataset (and no predictions).")
@click.option("--dry-run", is_flag=True, help="Say what would be erased, and erase nothing.")
@click.option("--reason", default="", help="Why; it is written down, and who it was is not.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_session
def command(
    session: Session, who: str, *, only: tuple[str, ...], dry_run: bool, reason: str, yes: bool
) -> int:
    """Erase a person: the rows whose COLUMN has this VALUE, from all that is kept.

    From every version of every dataset, from predictions, feedback and features; files that have such rows
    are written anew, and the old ones deleted. A second search proves that nothing is left.
    """
    from meguru.app.calls import dataset_erase as ask

    column, equals, value = who.partition("=")
    if not (column and equals and value):
        raise UsageError(f"{who[:40]!r} tells nobody", hint="write COLUMN=VALUE, as email=anna@example.com")
    ws = session.open()
    names = list(only) or None
    planned = ask(ws, column=column, value=value, only=names, dry_run=True)
    if dry_run or not (planned.found or planned.remaining):
        session.show(planned, lambda: _tell(planned, "would be erased"))
        return 0
    if not yes:
        _tell(planned, "would be erased")
        click.confirm("erase it? nothing brings it back", abort=True, err=True)
    done = ask(ws, column=column, value=value, only=names, reason=reason)
    left = ask(ws, column=column, value=value, only=names, dry_run=True)

    def human() -> None:
        _tell(done, "erased")
        if left.found:
            _tell(left, "found by a second search")
        else:
            click.echo("a second search finds nothing")
        for digest in left.remaining:
            click.echo(f"blob {digest[:12]} stays: something else needs it (meguru doctor --deep)")

    session.show({"erased": done, "left": left}, human)
    return 1 if left.found or left.remaining else 0


def _tell(report: ErasureReport, what: str) -> None:
    click.echo(f"{sum(each.rows for each in report.found):,} rows {what}")
    for each in report.found:
        click.echo(f"  {each.ref}: {each.rows:,} {each.what}")
    for model in report.models:
        click.echo(f"  {model} was trained on it")
