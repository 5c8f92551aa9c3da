"""What a host makes of the function of a view: lists by column in, lists by column out.

A frame costs more on its way between two processes than to be made: few rows are sent as lists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec

from meguru.features import dtypes
from meguru.features.on_demand.compute import computed
from meguru.features.types import ViewDefinition

if TYPE_CHECKING:
    import polars as pl


class OnDemandFunction:
    """The function of a view, in the process that runs nothing else.

    Parameters
    ----------
    function
        ``MODULE:FUNCTION`` of the project.
    definition
        What the view says of itself, as plain data.
    takes
        The types of the columns that it is given, by name.
    what
        What the view is called in errors.
    """

    def __init__(self, function: str, definition: dict[str, Any], takes: dict[str, str], what: str) -> None:
        module, _, name = function.partition(":")
        found = getattr(import_module(module), name)
        self._function = getattr(found, "function", found)
        self._definition = msgspec.convert(definition, ViewDefinition)
        self._takes = {name: dtypes.polars_type(kind) for name, kind in takes.items()}
        self._what = what

    def predict(self, columns: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
        """Return the features of rows that came as lists of plain values."""
        rows = frame_of(columns, self._takes)
        return lists_of(computed(self._function, rows, self._definition, self._what))


def frame_of(columns: Mapping[str, Sequence[Any]], types: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Return plain values, as `lists_of` gives them, as a frame."""
    import polars as pl

    return pl.DataFrame([pl.Series(name, columns[name], dtype=kind) for name, kind in types.items()])


def lists_of(frame: pl.DataFrame) -> dict[str, list[Any]]:
    """Return the columns of a frame as lists of plain values; times are whole numbers, as Polars has them."""
    return {
        column.name: (column.to_physical() if column.dtype.is_temporal() else column).to_list()
        for column in frame.get_columns()
    }
