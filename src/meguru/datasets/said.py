"""Columns are what was said of them, or the file is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from meguru.datasets import inference
from meguru.datasets.polars_types import TIMES, TYPES
from meguru.datasets.types import Dialect, ReadOptions
from meguru.errors import InvalidInput, UsageError, near_misses


def as_said(text: pl.Series, said: str, dialect: Dialect, name: str) -> tuple[pl.Series, str]:
    """Make a column what was said of it, or refuse the first value that is none."""
    kind, spelling = kind_said(text.name, said)
    values = text.replace(["", *dialect.nulls], [None] * (1 + len(dialect.nulls)))
    if kind == "Datetime" and values.str.contains(r"(?:Z|[+-]\d\d:?\d\d)$").any():
        kind = "Datetime[UTC]"
    made = inference.cast(values, kind, decimal=dialect.decimal, spelling=spelling)
    wrong = made.is_null() & values.is_not_null()
    if wrong.any():
        row = int(wrong.arg_max() or 0)
        raise InvalidInput(
            f"column {text.name!r} is no {said.partition(':')[0]}",
            where=name,
            why=f"row {row + 1} has {str(values[row])[:80]!r}, as {int(wrong.sum()):,} rows have",
            hint="say how it is written (--type at='datetime:%d/%m/%Y %H:%M'), or what is missing (--null)",
            field=f"read.types.{text.name}",
        )
    if kind in TIMES and not spelling:
        spelling = next(each for _, each in inference.TIMES if _fits(values, kind, each, made))
    return made, spelling if kind in TIMES else ""


def _fits(values: pl.Series, kind: str, spelling: str, made: pl.Series) -> bool:
    try:
        return inference.cast(values, kind, decimal=".", spelling=spelling).equals(made, null_equal=True)
    except pl.exceptions.PolarsError:
        return False


def kind_said(column: str, said: str) -> tuple[str, str]:
    """Return the type that a word means, and how its times are written if that is said behind it."""
    word, _, spelling = said.partition(":")
    kind = inference.SAID.get(word.strip().lower(), word if word in TYPES else "")
    if not kind or (spelling and kind not in TIMES):
        close = near_misses(word, list(inference.SAID))
        hint = f"did you mean {close[0]!r}?" if close else f"types are {', '.join(inference.SAID)}"
        raise UsageError(f"there is no type {said[:60]!r}", hint=hint, field=f"read.types.{column}")
    return kind, spelling


def check_known(said: Mapping[str, str], columns: Sequence[str]) -> None:
    """Refuse, with near misses, what is said of columns that are not there."""
    for name in said:
        if name not in columns:
            close = near_misses(name, columns)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(columns[:12])}"
            raise InvalidInput(f"there is no column {name!r}", hint=hint, field="read.types")


def with_types_said(frame: pl.DataFrame, name: str, said: ReadOptions) -> pl.DataFrame:
    """Give columns of typed files the types that were said."""
    check_known(said.types, frame.columns)
    for column, word in said.types.items():
        kind, spelling = kind_said(column, word)
        if frame.schema[column] == pl.String:
            made, _ = as_said(frame[column], word, Dialect(), name)
        elif spelling:
            raise UsageError(f"column {column!r} is no text", field=f"read.types.{column}")
        else:
            made = frame[column].cast(TYPES[kind])
        frame = frame.with_columns(made)
    return frame
