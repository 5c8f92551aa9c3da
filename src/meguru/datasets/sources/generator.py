"""Rows that a Python function of the project makes, in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from meguru.base.server_variables import SOURCES
from meguru.datasets.position import SourcePosition
from meguru.datasets.sources.base import SourceContext, SourceRead, SourceSink
from meguru.datasets.sources.generate import ERROR, Order
from meguru.datasets.sources.rows import read_rows
from meguru.datasets.sources.spec import SourceSpec
from meguru.datasets.sources.watermark import text_of
from meguru.errors import InvalidInput, Unreachable, UsageError, from_dict

if TYPE_CHECKING:
    import polars as pl

ADDRESS = re.compile(r"(.+\.py):([A-Za-z_]\w*)")
POLL = 0.02


class GeneratorRows:
    """``sources.py:orders``: a function that yields rows (as dicts) or frames, in bounded memory.

    With a watermark it may take ``since``, the value from which on rows are wanted (None: all); what it gives
    twice is left out. Of the server's variables it gets what any process needs, and those for sources.
    """

    def __init__(self, spec: SourceSpec, context: SourceContext) -> None:
        found = ADDRESS.fullmatch(spec.address)
        if found is None or spec.query:
            raise UsageError("a source in Python is FILE.py:FUNCTION", field="source.from")
        self._spec, self._context = spec, context
        self._file, self._function = found.groups()

    def check(self) -> None:
        """Refuse a file that may not be looked at."""
        self._context.place(self._file, "source.from")

    def read(self, since: SourcePosition | None, sink: SourceSink, key: list[str]) -> SourceRead:
        """Give the rows; whatever the function raises ends the read."""

        def frames(low: Any) -> Iterator[pl.DataFrame]:
            return self._frames(low, sink)

        return read_rows(self._spec, self._context, since, sink, key, name=self._function, frames=frames)

    def _frames(self, low: Any, sink: SourceSink) -> Iterator[pl.DataFrame]:
        import polars as pl

        file = self._context.place(self._file, "source.from")
        if not file.is_file():
            raise InvalidInput(f"there is no file {self._file!r}", where=str(file), field="source.from")
        folder = sink.scratch()
        kind, since = ("", "") if low is None else text_of(low)
        order = Order(file=str(file), function=self._function, folder=str(folder), kind=kind, since=since)
        for place in _files_written(order, folder, sink, self._spec.seconds):
            yield pl.read_parquet(place)
            place.unlink()


def _files_written(order: Order, folder: Path, sink: SourceSink, seconds: float) -> Iterator[Path]:
    """Give the files that the process writes, as they come."""
    command = [sys.executable, "-m", "meguru.datasets.sources.generate", msgspec.json.encode(order).decode()]
    with (folder / "said").open("wb") as said:
        # Its input is a line to us: when it ends, however we ended, so does the process.
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=said, stderr=said, env=_variables(), cwd=folder
        )
    try:
        number, last = 0, time.monotonic()
        while True:
            # In this order: asked after the file, it could write its last one and end in between, and that
            # would be lost.
            over = process.poll() is not None  # looked at first: what it wrote before is there
            place = folder / f"{number:06}.parquet"
            if place.exists():
                yield place
                number, last = number + 1, time.monotonic()
            elif over:
                break
            elif time.monotonic() - last > seconds:
                raise Unreachable(f"{order.function} gave no row for {seconds:g} seconds", where=order.file)
            else:
                sink.proceed()
                time.sleep(POLL)
        _check_end(order, folder, process.returncode)
    finally:
        process.kill()
        process.communicate()


def _check_end(order: Order, folder: Path, code: int) -> None:
    if code == 0:
        return
    if (folder / ERROR).exists():
        raise from_dict(msgspec.json.decode((folder / ERROR).read_bytes(), type=dict[str, str]))
    said = (folder / "said").read_text("utf-8", "replace").strip()[-1000:]
    raise InvalidInput(f"{order.function} ended with {code}", where=order.file, why=said)


def _variables() -> dict[str, str]:
    """Return what the function gets: no secrets of the server beside those that are for sources."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("MEGURU_") or name.startswith(SOURCES.prefix)
    }
