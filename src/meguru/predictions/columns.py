"""Columns of frames of predictions: what each is called, and of which type its values are.

Features have their own names. What the model answered is ``_score`` where an output is called that, and
``_output:NAME`` for every other; a shadow's are ``_shadow:MODEL`` and ``_shadow:MODEL:NAME``. A vector is a
list in the order of its labels; any JSON is its text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from meguru.predictions.outputs import AnswerOutput
from meguru.predictions.types import RESERVED, SHADOW_PREFIX
from meguru.tasks import output_column
from meguru.tasks.base import OUTPUT_PREFIX

if TYPE_CHECKING:
    import polars as pl

_decode = msgspec.json.decode


def column_name(feature: str) -> str:
    """Return a feature's column in frames: its own name, unless that means something else there."""
    clashes = feature in RESERVED or feature.startswith((SHADOW_PREFIX, OUTPUT_PREFIX))
    return "feature:" + feature if clashes else feature


def output_columns(outputs: Iterable[AnswerOutput], shadow: str = "") -> list[str]:
    """Return the columns of a model's outputs, or of a shadow's."""
    if shadow:
        whole = SHADOW_PREFIX + shadow
        return [whole if output.name == "score" else f"{whole}:{output.name}" for output in outputs]
    return [output_column(output.name) for output in outputs]


def series(name: str, values: Sequence[Any], kind: AnswerOutput) -> pl.Series:
    """Return a column of values as a payload holds them."""
    import polars as pl

    if kind.type == "any":
        texts = [None if value is None else msgspec.json.encode(value).decode() for value in values]
        return pl.Series(name, texts, dtype=pl.String)
    types: dict[str, Any] = {
        "boolean": pl.Boolean,
        "long": pl.Int64,
        "double": pl.Float64,
        "string": pl.String,
        "datetime": pl.Int64,
    }
    dtype: Any = types[kind.type]
    moment: Any = pl.Datetime("us", "UTC")
    for _ in range(kind.depth):
        dtype, moment = pl.List(dtype), pl.List(moment)
    # Not strict: a model's whole number in a column of doubles is that double.
    made = pl.Series(name, values, dtype=dtype, strict=False)
    return made.cast(moment) if kind.type == "datetime" else made


def recorded_series(name: str, values: Sequence[Any], kept_as: str) -> pl.Series:
    """Return a feature's values as they are kept, ``double[]`` for lists of numbers, as a column."""
    return series(name, values, AnswerOutput(name, kept_as.replace("[]", ""), kept_as.count("[]")))


def read_series(kind: AnswerOutput, column: pl.Series) -> list[Any]:
    """Return the values of a column of outputs as they were given."""
    return [read_value(kind, value) for value in column.to_list()]


def read_value(kind: AnswerOutput, value: Any) -> Any:
    """Return one value of a column of outputs as it was given."""
    return _decode(value) if kind.type == "any" and value is not None else value
