"""How a version treats groups, and where it is worse: ``meguru model fairness``, ``meguru model slices``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from meguru.cli.arguments import MODEL
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, read_pairs, with_session
from meguru.cli.tables import cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meguru.fairness import FairnessResult
    from meguru.registry.fairness import ModelFairness
    from meguru.registry.slices import ModelSlices

MITIGATE = "what can be done about a gap: https://fairlearn.org/main/user_guide/mitigation/index.html"
MAX_WRITTEN = 5
_CUT = "Where a column of numbers is cut into groups: age=30,50."


@verb
@click.argument("ref", type=MODEL)
@click.option("--by", multiple=True, help="A column of the holdout whose values are groups; repeat it.")
@click.option("--intersections", is_flag=True, help="Each combination of the columns is a group too.")
@click.option("--cut", "cuts", multiple=True, help=_CUT)
@click.option("--favorable", default=None, help="Of more than two classes, the one that is decided for.")
@click.option("--threshold", default=0.5, show_default=True, help="A score above it decides for a row.")
@click.option("--min-rows", default=100, show_default=True, help="A group with fewer is not judged.")
@click.option("--level", default=0.95, show_default=True, help="Of the intervals.")
@with_session
def fairness(
    session: Session,
    ref: str,
    *,
    by: tuple[str, ...],
    intersections: bool,
    cuts: tuple[str, ...],
    favorable: str | None,
    threshold: float,
    min_rows: int,
    level: float,
) -> None:
    """Compare how version REF (NAME@3) treats groups of its holdout: every criterion, with intervals."""
    from meguru.app.calls import model_fairness as ask

    found = ask(
        session.open(),
        ref=ref,
        by=list(by),
        intersections=intersections,
        cuts=read_cuts(cuts),
        favorable=None if favorable is None else read_pairs([f"x={favorable}"])["x"],
        threshold=threshold,
        min_rows=min_rows,
        level=level,
    )
    if not found.comparisons:
        columns = ", ".join(found.columns) or "none; cut one of numbers: --by age --cut age=30,50"
        session.show(found, lambda: click.echo(f"columns with few values: {columns}"))
        return
    session.show(found, lambda: _print(found))
    session.note(MITIGATE)


def read_cuts(given: tuple[str, ...]) -> dict[str, list[float]]:
    """Read where columns are cut: NAME=NUMBER,NUMBER each."""
    found = {}
    for each in given:
        name, _, numbers = each.partition("=")
        try:
            found[name] = [float(number) for number in numbers.split(",")]
        except ValueError:
            raise click.BadParameter(f"{each!r} is no NAME=NUMBER,NUMBER", param_hint="--cut") from None
    return found


def _print(found: ModelFairness) -> None:
    from meguru.cli.gate_parts import table_lines
    from meguru.releases.gate_tables import table_of_groups

    click.echo(f"{found.ref}: {found.rows:,} rows, {found.level:.0%} intervals")
    for comparison in found.comparisons:
        click.echo("")
        click.echo(f"{comparison.criterion}  {' and '.join(comparison.columns)}")
        for line in table_lines(table_of_groups(comparison.difference, comparison.columns)):
            click.echo(f"  {line}")
        if comparison.ratio is not None and comparison.ratio.value is not None:
            click.echo(f"    ratio  {_span(comparison.ratio)}")


def _span(found: FairnessResult) -> str:
    return f"{cell(found.value)} ({cell(found.low)} … {cell(found.high)})"


@verb
@click.argument("ref", type=MODEL)
@click.option("--column", "columns", multiple=True, help="Only this column is in conditions; repeat it.")
@click.option("--least-rows", default=50, show_default=True, help="A slice has so many rows in either half.")
@click.option("--level", default=0.95, show_default=True, help="Of the intervals.")
@click.option("--write", is_flag=True, help="Print gates for meguru.toml that hold the next version to it.")
@with_session
def slices(
    session: Session, ref: str, *, columns: tuple[str, ...], least_rows: int, level: float, write: bool
) -> None:
    """Find where version REF (NAME@3) is certainly worse: found on half its holdout, tested on the rest."""
    from meguru.app.calls import model_slices as ask

    found = ask(session.open(), ref=ref, columns=list(columns), least_rows=least_rows, level=level)
    if write:
        session.show(found, lambda: click.echo("\n".join(_toml(found))))
        return
    rows = [
        (each.condition, each.rows, *_losses(each.inside, each.outside), _gap(each), f"{each.p:.2g}")
        for each in found.slices
    ]
    names = ("where", "rows", "loss inside", "outside", "more", "p")
    session.table(found, names, rows, empty=f"on {found.rows:,} rows no part is certainly worse")
    loss = "the share of wrong decisions" if found.metric == "accuracy" else found.metric
    session.note(f"the loss is {loss}: {cell(found.mean_loss)} on all {found.rows:,} rows")


def _losses(inside: float, outside: float) -> tuple[str, str]:
    return cell(inside), cell(outside)


def _gap(each: object) -> str:
    value, low, high = (getattr(each, name) for name in ("gap", "low", "high"))
    return f"{cell(value)} ({cell(low)} … {cell(high)})"


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)  # TOML knows no halves of a character


def _toml(found: ModelSlices) -> Iterator[str]:
    """Yield gates that ask of each slice what the model reaches there now, and of all not to be worse."""
    yield f"# parts on which {found.ref} is worse; to stand in the gates of its endpoint"
    yield "gates = ["
    for worse_slice in found.slices[:MAX_WRITTEN]:
        loss = worse_slice.inside + (worse_slice.high - worse_slice.gap)
        wanted = 1 - loss if found.metric == "accuracy" else loss
        op = ">=" if found.metric == "accuracy" else "<="
        yield (
            f'    {{ gate = "metric", metric = "{found.metric}", op = "{op}", value = {wanted:.4g}, '
            f"where = {_quoted(worse_slice.condition)} }},"
        )
    if found.slices:
        listed = ", ".join(_quoted(each.condition) for each in found.slices[:MAX_WRITTEN])
        yield f'    {{ gate = "champion", metric = "{found.metric}", margin = -0.02, slices = [{listed}] }},'
    yield "]"
