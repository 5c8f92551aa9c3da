"""`meguru demo`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

import click

from meguru.cli.groups import group
from meguru.cli.session import Session, with_session

if TYPE_CHECKING:
    from meguru.demo.flights.story import Month, Story

FOLDER, MORTGAGES = "meguru-demo", "meguru-mortgages"


@group
def command() -> None:
    """Play real data through the whole system."""


@command.command()
@click.option("--months", metavar="3-5", help="Which months to play. Default: 3-12.")
@click.option("--resume", is_flag=True, help="Go on where an earlier demo stopped.")
@with_session
def flights(session: Session, months: str | None, *, resume: bool) -> None:
    """Play the flights of 2013: a model goes stale, and the system renews it by itself.

    Everything happens in a folder of its own (--workspace, default: ./meguru-demo), against a real server.
    """
    from meguru.demo.flights.folder import prepare, read_months
    from meguru.demo.flights.play import play
    from meguru.errors import Busy, Interrupted

    folder = Path(session.place or FOLDER)
    plan, removed = prepare(folder, read_months(months) if months else None, resume=resume)
    if removed:
        session.note(f"An earlier demo in {folder} was removed; --resume goes on with one.")
    again = f"meguru demo flights --resume --workspace {folder}"
    try:
        with _Progress(quiet=session.as_json) as progress:
            story = play(folder, plan, progress)
    except KeyboardInterrupt:
        raise Interrupted("the demo was interrupted", hint=f"go on with: {again}") from None
    except Busy as error:
        why = f"{error.what}: {error.why}".rstrip(": ")
        raise Busy(
            "the demo's server went away", where=error.where, why=why, hint=f"go on with: {again}"
        ) from error
    session.show(story, lambda: _tell(story))


@command.command()
@click.option("--until", default="", metavar="CHAPTER", help="Stop after: data, refusal, waiver, approval, …")
@with_session
def mortgages(session: Session, until: str) -> None:
    """Put a loan model live that people answer for: refused, waived, approved, made fair.

    Everything happens in a folder of its own (--workspace, default: ./meguru-mortgages) with a moved clock.
    """
    from meguru.cli.demo_account import print_chapter, print_end
    from meguru.demo.mortgages.play import play

    folder = Path(session.place or MORTGAGES)
    account = play(folder, until, lambda chapter: None if session.as_json else print_chapter(chapter))
    session.show(account, lambda: print_end(account))


class _Progress:
    """Shows on stderr what is going on: a live line on a terminal, plain lines elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

        self._console = Console(stderr=True, quiet=quiet)
        self._live = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            console=self._console,
            transient=True,
            disable=quiet or not self._console.is_terminal,
        )
        self._task = self._live.add_task("", total=None)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def phase(self, text: str) -> None:
        self._live.update(self._task, description=text, total=None, completed=0)
        if not self._console.is_terminal:
            self._console.print(text, highlight=False)

    def total(self, rows: int) -> None:
        self._live.update(self._task, total=rows)

    def advance(self, rows: int) -> None:
        self._live.advance(self._task, rows)

    def month(self, played: Month) -> None:
        self._console.print(f"{played.month}  {played.did} {played.challenger}".rstrip(), highlight=False)


def _tell(story: Story) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in (
        "month",
        "flights",
        "drift",
        "live",
        "AUC [95 %]",
        "limit",
        "rang",
        "frozen",
        "ahead",
        "what the system did",
    ):
        words = column in {"month", "AUC [95 %]", "rang", "what the system did"}
        table.add_column(column.replace("[", r"\["), justify="left" if words else "right", overflow="fold")
    for month in story.months:
        table.add_row(*_row(month))
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=160)
    console.print(table)
    console.print(
        f"\n{story.predictions:,} predictions and {story.outcomes:,} outcomes over HTTP in "
        f"{story.seconds:.0f} s; live now: {story.live}.\n{_behind(story)}"
        "limit: the live model's AUC on its holdout less the tolerance; the monitor rings when all of the "
        "interval is below.\n"
        "frozen: the first model, which scored the same flights as a shadow; ahead: the live model's AUC "
        "minus its.\n\nConsole: http://127.0.0.1:7474/ui/endpoints/delay, after the first of these commands:"
    )
    for line in _next(story.workspace):
        console.print(f"  {line}", soft_wrap=True)


def _behind(story: Story) -> str:
    behind = [month for month in story.months if month.ahead and month.ahead.high < 0]
    if not behind:
        return ""
    named = ", ".join(f"{each.month} ({each.ahead.value:+.3f})" for each in behind if each.ahead)
    return f"The live model was certainly worse than the first one in {named}.\n"


def _next(workspace: str) -> list[str]:
    where = f"--workspace {workspace}"
    commands = ("up", "why endpoint/delay", "monitor show delay-watch")
    return [f"meguru {each} {where}" for each in commands]


def _row(month: Month) -> list[str]:
    auc = month.auc
    return [
        month.month,
        f"{month.rows:,}",
        f"{len(month.drifted)}/{month.compared}",
        _version(month.model),
        rf"{auc.value:.3f} \[{auc.low:.3f}, {auc.high:.3f}]" if auc else "",
        "" if month.limit is None else f"{month.limit:.3f}",
        _rang(month),
        "" if month.frozen_auc is None else f"{month.frozen_auc:.3f}",
        _ahead(month),
        _did(month),
    ]


def _rang(month: Month) -> str:
    """Say whether the monitor rang; beside it stand the interval and the limit, which are why."""
    if month.auc is None or month.limit is None:
        return "[red]yes[/]" if month.rang else "no"
    if month.rang:
        return "[red]yes: certainly below[/]" if month.auc.high < month.limit else "[red]yes[/]"
    return "no: may be below" if month.auc.low < month.limit else "no"


def _ahead(month: Month) -> str:
    if month.ahead is None:
        return ""
    colour = "red" if month.ahead.high < 0 else "green" if month.ahead.low > 0 else "default"
    return f"[{colour}]{month.ahead.value:+.3f}[/]"


def _did(month: Month) -> str:
    from rich.markup import escape

    did = f"{month.did} {_version(month.challenger)}".rstrip()
    if not month.better:
        return escape(f"{did}: {'; '.join(month.because)}")
    low, high = month.better
    if month.did == "promoted":
        return f"[green]{did}[/]: better by {low:.3f} to {high:.3f}"
    if high < 0:
        return f"[red]{did}[/]: worse by {-high:.3f} to {-low:.3f}"
    return f"[yellow]{did}[/]: not certainly better, {low:+.3f} to {high:+.3f}"


def _version(model: str) -> str:
    from meguru.base.refs import parse

    return f"v{parse(model).version}" if model else ""
