"""`meguru data pull` and `meguru data sources`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from meguru.cli.arguments import DATASET
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session
from meguru.cli.tables import cell

if TYPE_CHECKING:
    from meguru.datasets.pulls.types import DatasetPull


@verb
@click.argument("name", type=DATASET)
@click.option("--full", is_flag=True, help="Read everything again, not only what is new.")
@click.option("--evolve", is_flag=True, help="Take another schema, and fewer rows than there were.")
@click.option("--note", default="", help="Why it is read.")
@with_session
def pull(session: Session, name: str, *, full: bool, evolve: bool, note: str) -> None:
    """Read the source of dataset NAME; what is new there is its next version."""
    from meguru.datasets.pulls.types import PullState
    from meguru.datasets.pulls.wait import pull_now

    found = pull_now(session.open(), name, full=full, evolve=evolve, note=note)

    def human() -> None:
        if found.state is PullState.FAILED:
            click.echo(f"{found.dataset} could not be read: {found.error}", err=True)
            if found.hint:
                click.echo(f"try: {found.hint}", err=True)
            return
        at = f", as far as {found.position}" if found.position else ""
        if found.state is PullState.EMPTY:
            click.echo(f"dataset/{found.dataset}@{found.version}: nothing new in {found.rows:,} rows{at}")
            return
        rows = f"{found.added:,} rows of {found.rows:,} that were read"
        click.echo(f"dataset/{found.dataset}@{found.version}: {rows}{at}")

    session.show(found, human)
    if found.state is PullState.FAILED:
        raise SystemExit(1)


@verb
@click.argument("name", type=DATASET, required=False)
@click.option("-n", "--limit", default=20, help="How many reads of one dataset are shown.")
@with_session
def sources(session: Session, name: str | None, *, limit: int) -> None:
    """List where datasets come from: how far each is read, and when next; or the reads of NAME."""
    from meguru.app.calls import dataset_pulls, dataset_sources

    ws = session.open()
    if name is not None:
        reads = dataset_pulls(ws, name=name, limit=limit)
        session.table(
            reads,
            ("asked", "by", "result", "version", "read", "added", "position", "why"),
            [_row(read) for read in reads],
            empty="it was not read yet",
        )
        return
    found = dataset_sources(ws)
    session.table(
        found,
        ("dataset", "from", "mode", "position", "version", "last", "next"),
        [
            (
                each.dataset,
                each.address,
                each.mode,
                each.position,
                each.version or "",
                f"{each.last.state} {cell(each.last.finished_at or each.last.asked_at)}" if each.last else "",
                each.next_at or "",
            )
            for each in found
        ],
        empty="no dataset is declared with a source",
    )


def _row(read: DatasetPull) -> tuple[object, ...]:
    told = read.error or read.note
    counts = (read.version or "", read.rows, read.added, read.position)
    return (read.asked_at, read.asked_by, read.state, *counts, told)
