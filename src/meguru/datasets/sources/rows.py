"""Read a source that gives frames: incrementally by a watermark, or as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from meguru.datasets.position import SourcePosition
from meguru.datasets.sources.base import SourceContext, SourceRead, SourceSink
from meguru.datasets.sources.spec import SourceSpec
from meguru.datasets.sources.watermark import Watermark
from meguru.errors import InvalidInput, masked

if TYPE_CHECKING:
    import polars as pl

Frames = Callable[[Any], "Iterable[pl.DataFrame]"]
"""Gives rows from a value of the watermark on, itself counted; from None on, all."""


def read_rows(
    spec: SourceSpec,
    context: SourceContext,
    since: SourcePosition | None,
    sink: SourceSink,
    key: list[str],
    *,
    name: str,
    frames: Frames,
) -> SourceRead:
    """Hand on the rows of a source: with a watermark those that are new, without one all.

    Raises
    ------
    InvalidInput
        If there are no rows at the first read, or one has no watermark.
    """
    mark = Watermark(spec, context, since, key) if spec.watermark else None
    count = 0
    for frame in frames(mark.low if mark else None):
        sink.proceed()
        count += frame.height
        sink.rows(name, mark.take(frame) if mark else frame)
    # An empty source at first is a mistake in its address; later it is no news.
    if not count and (since is None or mark is None):
        raise InvalidInput(f"{masked(spec.address)} can't be read", why="it has no rows", field="files")
    if mark is None:
        return SourceRead(position=None, whole=True, rows=count)
    return SourceRead(position=mark.position(), whole=since is None, rows=count, shrunk=mark.shrunk)


def statement(whole: str, column: str, value: str) -> str:
    """Return a query for the rows of another one from a value of a column on.

    A row without a value is asked for too: it is refused, and not passed over without a word.
    """
    return f"SELECT * FROM ({whole}) source_rows WHERE {column} >= {value} OR {column} IS NULL"  # noqa: S608 - quoted
