"""`meguru fairness`: groups of people that are nowhere in the workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meguru.base.library_errors import reason
from meguru.cli.arguments import MODEL
from meguru.cli.groups import group
from meguru.cli.model_fairness import read_cuts
from meguru.cli.session import Session, read_pairs, with_session

if TYPE_CHECKING:
    import polars as pl

    from meguru.fairness.submitted_counts import GroupTally


@group
def command() -> None:
    """Groups of people that the workspace does not know: only counts of them are sent."""


@command.command()
@click.argument("ref", type=MODEL)
@click.option(
    "--groups",
    "file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Where the groups are: CSV, Parquet or JSON lines, with the key.",
)
@click.option("--key", required=True, help="The column by which rows of the holdout are found in it.")
@click.option("--by", multiple=True, required=True, help="A column whose values are groups; repeat it.")
@click.option("--intersections", is_flag=True, help="Each combination of the columns is a group too.")
@click.option("--cut", "cuts", multiple=True, help="Where a column of numbers is cut: age=30,50.")
@click.option("--favorable", default=None, help="Of more than two classes, the one that is decided for.")
@click.option("--threshold", default=0.5, show_default=True, help="A score above it decides for a row.")
@click.option("--min-rows", default=100, show_default=True, help="Of a group with fewer nothing is sent.")
@click.option("--dry-run", is_flag=True, help="Only show what would be sent.")
@with_session
def counts(session: Session, ref: str, *, file: Path, key: str, by: tuple[str, ...], **said: Any) -> None:
    """Count groups of the holdout of version REF (NAME@3) here, and send the counts; the groups stay here.

    A gate takes them: {"gate": "group_fairness", "groups": "counts", "holders": ["ann"], …}.
    """
    from meguru.app.calls import model_count_groups
    from meguru.fairness import GroupOptions
    from meguru.registry.tally import tally_groups

    favorable, threshold = said["favorable"], said["threshold"]
    options = GroupOptions(
        columns=by,
        intersections=said["intersections"],
        cuts=read_cuts(said["cuts"]),
        favorable=None if favorable is None else read_pairs([f"x={favorable}"])["x"],
        threshold=threshold,
        min_rows=said["min_rows"],
    )
    ws = session.open()
    tally = tally_groups(ws, ref, _read(file), key=key, options=options, name=file.name)
    if said["dry_run"]:
        session.show(tally, lambda: _print(tally))
        return
    made = model_count_groups(ws, ref=ref, tally=tally)
    session.show(made, lambda: _print(tally))
    session.note(f"sent for {made.ref} in the name of {made.holder}; {made.digest[:12]}")


def _read(file: Path) -> pl.DataFrame:
    import polars as pl

    from meguru.errors import InvalidInput

    readers: dict[str, Any] = {
        ".parquet": pl.read_parquet,
        ".jsonl": pl.read_ndjson,
        ".ndjson": pl.read_ndjson,
    }
    try:
        found: pl.DataFrame = readers.get(file.suffix, pl.read_csv)(file)
    except (pl.exceptions.PolarsError, OSError) as error:
        why = reason(error)
        raise InvalidInput(f"{file.name} can't be read", field="groups", why=why) from None
    return found


def _print(tally: GroupTally) -> None:
    click.echo(f"groups are known of {tally.found:,} of {tally.rows:,} rows ({tally.coverage:.0%})")
    for table in tally.tables:
        click.echo(f"  {' and '.join(table.columns)}: {', '.join(table.groups)}")
        for name, numbers in {**table.counts, **table.errors}.items():
            click.echo(f"    {name:<12} {'  '.join(f'{number:,.6g}' for number in numbers)}")
