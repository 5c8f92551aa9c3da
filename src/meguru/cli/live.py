"""A run while it goes on: a tree that moves on a terminal, one line a change elsewhere."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from meguru.cli.session import Session
    from meguru.compute.graph import Graph
    from meguru.pipelines.types import PipelineRun, StepRun

MARKS = {
    "running": "…",
    "succeeded": "✓",
    "cached": "=",
    "failed": "✗",
    "waiting": "·",
    "asking": "?",
    "skipped": "-",
}
_COLOURS = {"running": "cyan", "succeeded": "green", "cached": "blue", "failed": "red", "asking": "yellow"}
_SHOWN_CALLS = 6
_BAR = 24


class Watcher:
    """Hears of a run's beginning and of every change of its steps."""

    def begun(self, run: PipelineRun, graph: Graph) -> None:
        """Take in what will run."""

    def step(self, step: StepRun) -> None:
        """Take in a new state of a step."""


class LineWatcher(Watcher):
    """One line for each change, for logs and pipes."""

    def step(self, step: StepRun) -> None:
        """Print the change."""
        what = f"{step.state}: {step.reason}" if step.reason else step.state
        click.echo(f"{MARKS.get(step.state, ' ')} {step.step} {what}{_took(step)}", err=True)


class Tree(Watcher):
    """The steps of the graph in their order, pipelines within pipelines, mapped steps with a bar."""

    def __init__(self) -> None:
        self.title = ""
        self.keys: list[str] = []
        self.steps: dict[str, StepRun] = {}
        self.calls: dict[str, dict[str, StepRun]] = {}
        self._since = time.monotonic()

    def begun(self, run: PipelineRun, graph: Graph) -> None:
        """List the steps before the first one begins."""
        from meguru.compute.graph import order

        self.title = f"{run.pipeline}@{run.version}  {run.id}"
        self.keys, self.steps, self.calls = order(graph), {}, {}
        self._since = time.monotonic()

    def step(self, step: StepRun) -> None:
        """Take in the change; the next frame shows it."""
        if step.parent:
            self.calls.setdefault(step.parent, {})[step.step] = step
        else:
            self.steps[step.step] = step

    def __rich__(self) -> Any:
        from rich.text import Text
        from rich.tree import Tree as RichTree

        root = RichTree(Text(f"{self.title}  {time.monotonic() - self._since:.0f} s", style="bold"))
        branches: dict[str, Any] = {"": root}
        for key in self.keys:
            folder, _, name = key.rpartition(".")
            at = _branch(branches, folder)
            row = at.add(self._row(key, name))
            for call in self._telling(key):
                text = Text(
                    f"{MARKS[call.state]} {call.step.rpartition('.')[2]}{_took(call)}", style=_colour(call)
                )
                row.add(text.append(f"  {call.failed.message}" if call.failed else "", style="dim"))
        return root

    def _row(self, key: str, name: str) -> Any:
        from rich.text import Text

        run = self.steps.get(key)
        if run is None:
            return Text(f"· {name}", style="dim")
        text = Text(f"{MARKS.get(run.state, ' ')} {name}", style=_colour(run))
        if run.items and run.state != "cached":
            calls = self.calls.get(key, {}).values()
            done = sum(call.state in {"succeeded", "cached"} for call in calls)
            failed = sum(call.state == "failed" for call in calls)
            filled = round(_BAR * done / run.items)
            text.append(f"  {'━' * filled}{'╌' * (_BAR - filled)} {done}/{run.items}", style="none")
            text.append(f"  {failed} failed" if failed else "", style="red")
        note = run.failed.message if run.failed else run.reason
        text.append(_took(run), style="dim")
        return text.append(f"  {note.splitlines()[0][:160]}" if note else "", style="dim")

    def _telling(self, key: str) -> list[StepRun]:
        """Return the calls of a mapped step that are worth a line: those that failed or run."""
        calls = self.calls.get(key, {}).values()
        return [call for call in calls if call.state in {"failed", "running"}][:_SHOWN_CALLS]


@contextlib.contextmanager
def watching(session: Session) -> Iterator[Watcher]:
    """Show a run until the block ends, as fits where the output goes."""
    if session.as_json:
        yield Watcher()
        return
    if not sys.stderr.isatty():
        yield LineWatcher()
        return
    from rich.console import Console
    from rich.live import Live

    tree = Tree()
    with Live(tree, console=Console(stderr=True), refresh_per_second=8):
        yield tree


def told(run: PipelineRun) -> Callable[[], None]:
    """Return what prints the end of a run for a person."""

    def human() -> None:
        skipped = f", skipped {run.skipped}" if run.skipped else ""
        click.echo(f"{run.state}: {run.ref}  ran {run.ran}, cached {run.cached}{skipped}")
        for name, value in run.metrics.items():
            click.echo(f"  {name} = {value:.4g}")
        for ref in run.produced:
            click.echo(f"  made {ref}")
        if run.failed:
            of = run.failed.step
            click.echo(f"  {of + ': ' if of else ''}{run.failed.type}: {run.failed.message}")
            click.echo(f"  see it: meguru runs log {run.id}{'.' + of if of else ''}")
            click.echo(f"  again:  meguru runs retry {run.id}")
        for step in run.steps:
            if step.state == "asking":
                click.echo(f"  {step.step} waits for an answer: meguru runs approve {step.id}   (or refuse)")
        if run.paused and run.state == "paused":
            click.echo(f"  go on: meguru runs resume {run.id}")

    return human


def code_of(run: PipelineRun) -> int:
    """Return the exit code: 0 for success, 7 when an approval is missing, 1 else."""
    if run.state == "succeeded":
        return 0
    return 7 if any(step.state == "asking" for step in run.steps) and not run.failed else 1


def _branch(branches: dict[str, Any], folder: str) -> Any:
    if folder not in branches:
        above, _, name = folder.rpartition(".")
        branches[folder] = _branch(branches, above).add(name)
    return branches[folder]


def _colour(step: StepRun) -> str:
    return _COLOURS.get(step.state, "dim")


def _took(step: StepRun) -> str:
    if step.state in {"succeeded", "failed"} and step.started_at and step.finished_at:
        return f"  {(step.finished_at - step.started_at).total_seconds():.2f} s"
    return ""
