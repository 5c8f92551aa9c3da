"""What a sketch of a column is, whatever it holds."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from meguru.errors import InvalidInput, MissingDependency
from meguru.stats.profile.columns import kind_of
from meguru.stats.sketches.categorical import CategoricalSketch
from meguru.stats.sketches.numeric import NumericSketch

if TYPE_CHECKING:
    import polars as pl

ColumnSketch: TypeAlias = NumericSketch | CategoricalSketch
"""Both have `profile`, what the column looked like; `over`, its counts over the bins of another's profile;
`plus`; and `pack`, plain values that `unpack` reads."""


@cache
def can_sketch() -> bool:
    """Tell whether the extra `sketches` is installed."""
    return importlib.util.find_spec("datasketches") is not None


def need_sketches() -> None:
    """Raise unless the extra is installed.

    Raises
    ------
    MissingDependency
        Names the extra.
    """
    if not can_sketch():
        raise MissingDependency.of("sketches", "datasketches")


def sketch_column(column: pl.Series) -> ColumnSketch | None:
    """Sketch a column; None of a type that has no profile.

    Raises
    ------
    MissingDependency
        Without the extra `sketches`.
    """
    need_sketches()
    kind = kind_of(column.dtype)
    if kind == "numeric":
        return NumericSketch.of(column)
    return CategoricalSketch.of(column) if kind == "categorical" else None


def merged(sketches: Sequence[ColumnSketch]) -> ColumnSketch:
    """Return the sketch of several columns' values together.

    Raises
    ------
    InvalidInput
        When some are of numbers and some of words.
    """
    if all(isinstance(sketch, NumericSketch) for sketch in sketches):
        return NumericSketch.plus([sketch for sketch in sketches if isinstance(sketch, NumericSketch)])
    if all(isinstance(sketch, CategoricalSketch) for sketch in sketches):
        return CategoricalSketch.plus(
            [sketch for sketch in sketches if isinstance(sketch, CategoricalSketch)]
        )
    raise InvalidInput("a column changed its type", why="it has numbers and words")


def write_sketch(sketch: ColumnSketch) -> list[Any]:
    """Return a sketch as plain values."""
    return ["numbers" if isinstance(sketch, NumericSketch) else "words", *sketch.pack()]


def read_sketch(written: Sequence[Any]) -> ColumnSketch:
    """Read what `write_sketch` wrote.

    Raises
    ------
    MissingDependency
        Without the extra `sketches`.
    """
    need_sketches()
    kind, *values = written
    return NumericSketch.unpack(values) if kind == "numbers" else CategoricalSketch.unpack(values)
