"""`meguru runs compare`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from meguru.cli.arguments import TRACKED
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session

if TYPE_CHECKING:
    from meguru.tracking.comparison import Comparison

KINDS = (("param", "params"), ("metric", "metrics"), ("tag", "tags"), ("around", "surroundings"))


@verb
@click.argument("runs", nargs=-1, required=True, type=TRACKED)
@click.option("--all", "everything", is_flag=True, help="Show also what is the same in all of them.")
@with_session
def compare(session: Session, runs: tuple[str, ...], *, everything: bool) -> None:
    """Compare tracked RUNS (run-…): where their params, metrics, tags and surroundings differ."""
    from meguru.app.calls import run_compare as ask

    found = ask(session.open(), runs=list(runs))
    session.table(
        found,
        ("", "", *(run.name or run.id for run in found.runs)),
        _rows(found, everything=everything),
        empty="they differ in nothing; see what they share: --all",
    )


def _rows(found: Comparison, *, everything: bool) -> Iterator[tuple[Any, ...]]:
    for kind, name in KINDS:
        for row in getattr(found, name):
            if row.differs or everything:
                yield kind, row.key, *("–" if value is None else value for value in row.values)
