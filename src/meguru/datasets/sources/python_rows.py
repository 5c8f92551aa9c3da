"""Rows that Python code yields (dicts, frames, Arrow), as frames of a bounded size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from meguru.base.library_errors import reason
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

BATCH = 20_000
"""So many rows are held as dicts, then as a frame."""


def frames_of_rows(made: Iterable[Any]) -> Iterator[pl.DataFrame]:
    """Give frames of what a function gave: rows as dicts, frames of Polars, or what speaks Arrow.

    Raises
    ------
    InvalidInput
        If it is none of these, or a column holds values of several types; the row is named.
    """
    import polars as pl

    if isinstance(made, Mapping | str | bytes):
        raise InvalidInput(f"rows come one after another, not as a {type(made).__name__}", field="rows")
    if _is_frame(made):
        made = [made]
    held: list[Mapping[str, Any]] = []
    done = 0
    for each in chain(made, [None]):
        if isinstance(each, Mapping):
            held.append(each)
        if held and (each is None or len(held) >= BATCH or not isinstance(each, Mapping)):
            yield _frame(held, done)
            done, held = done + len(held), []
        if each is None or isinstance(each, Mapping):
            continue
        if not _is_frame(each):
            why = f"item {done + 1:,} is a {type(each).__name__}"
            raise InvalidInput("a row is a dict, or rows are a frame", why=why, field="rows")
        frame = each.collect() if isinstance(each, pl.LazyFrame) else pl.DataFrame(each)
        done += frame.height
        yield frame


def _is_frame(made: Any) -> bool:
    import polars as pl

    return isinstance(made, pl.DataFrame | pl.LazyFrame) or hasattr(made, "__arrow_c_stream__")


def _frame(rows: list[Mapping[str, Any]], done: int) -> pl.DataFrame:
    import polars as pl

    if not all(isinstance(name, str) for row in rows for name in row):
        raise InvalidInput("a column's name is text", field="rows")
    try:
        return pl.DataFrame(rows, infer_schema_length=None, strict=True)
    except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError) as error:
        why = reason(error)
        what = f"rows {done + 1:,} to {done + len(rows):,} are no table"
        raise InvalidInput(what, why=why, hint="a column holds one type", field="rows") from error
