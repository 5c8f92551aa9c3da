"""Progress: a bar on a terminal, a line for each change elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import click

if TYPE_CHECKING:
    from meguru.cli.session import Session
    from meguru.datasets.ingest.meter import Meter

_SECONDS = 2.0


class Bar:
    """Shows how much of something has ended; on standard error, and nothing when it is `quiet`."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet, self._shown = quiet, ""
        self._live: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        if not self._quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            columns = (BarColumn(), TextColumn("{task.description}"))
            self._live = Progress(*columns, console=Console(stderr=True))
            self._live.start()
            self._task = self._live.add_task("")
        return self

    @property
    def is_live(self) -> bool:
        """Whether it is drawn again and again, on a terminal."""
        return self._live is not None

    def move(self, done: int, total: int, text: str) -> None:
        """Show that `done` of `total` have ended, and a text."""
        if self._live is not None:
            self._live.update(self._task, completed=done, total=total, description=text)
        elif not self._quiet and (shown := text.partition(", about")[0]) != self._shown:
            self._shown = shown
            click.echo(text, err=True)

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()


@contextmanager
def counting(session: Session) -> Iterator[Callable[[int], None]]:
    """Give what tells how many rows were taken, where nobody knows how many there are."""
    began = told = time.monotonic()

    def tell(done: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= _SECONDS:
            told = now
            session.note(f"{done:,} rows, {done / (now - began):,.0f} a second")

    yield tell


_LARGE = 1 << 26
"""A smaller file is read before anybody looks at a bar."""


@contextmanager
def file_progress(session: Session) -> Iterator[Meter]:
    """Give what shows how far the reading of files is: rows, bytes, and how long it takes from now on."""
    from meguru.datasets.ingest.meter import Meter

    began, file, told = time.monotonic(), "", 0.0
    with Bar(quiet=session.as_json) as bar:

        def tell(name: str, done: int, total: int, rows: int) -> None:
            nonlocal began, file, told
            now = time.monotonic()
            if name != file:
                file, began, told = name, now, now
            if total < _LARGE or not (bar.is_live or now - told >= _SECONDS):
                return
            told = now
            left = (now - began) * (total - done) / max(done, 1)
            amount = f"{done / 1e6:,.0f} of {total / 1e6:,.0f} MB"
            bar.move(done, total, f"{name}: {rows:,} rows, {amount}, about {left:,.0f} s left")

        yield Meter(tell)
