"""Error messages for invalid values: the path of the field, what was expected, and what was there."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

import msgspec

from meguru.flavors.signature import ColumnType, SignatureColumn

_WANTED = {
    ColumnType.BOOLEAN: "true or false",
    ColumnType.LONG: "a whole number",
    ColumnType.DOUBLE: "a number",
    ColumnType.STRING: "a string",
    ColumnType.DATETIME: "a time in ISO 8601",
}
_LISTS = {
    ColumnType.BOOLEAN: "booleans",
    ColumnType.LONG: "whole numbers",
    ColumnType.DOUBLE: "numbers",
    ColumnType.STRING: "strings",
    ColumnType.DATETIME: "times",
}
_NUMBERS = (int, float, Decimal)
_MAX_SHOWN = 40


class FieldPath(msgspec.Struct, frozen=True, gc=False):
    """Paths of rows and values, in the words of the form in which they came.

    Attributes
    ----------
    form
        The path of all of them, such as ``rows`` or ``dataframe_split.data``.
    shape
        ``"rows"``: an array of rows; ``"row"``: one row alone; ``"columns"``: an object of arrays.
    """

    form: str
    shape: Literal["rows", "row", "columns"] = "rows"

    def row(self, index: int) -> str:
        """Return the path of a row."""
        return f"{self.form}[{index}]" if self.shape == "rows" else self.form

    def cell(self, index: int, name: str) -> str:
        """Return the path of one value."""
        return f"{self.form}.{name}[{index}]" if self.shape == "columns" else f"{self.row(index)}.{name}"


def describe_type(column: SignatureColumn) -> str:
    """Say what a column takes."""
    what = _WANTED[column.type] if not column.shape else _LISTS[column.type]
    if column.shape:
        what = f"{' × '.join(map(str, column.shape))} {what} in lists"
    return what + (" or null" if column.nullable else "")


def describe_value(value: Any) -> str:
    """Say what a value is, briefly."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, _NUMBERS):
        return f"the number {_short(str(value))}"
    if isinstance(value, str):
        return f"the string {_short(repr(value[: 2 * _MAX_SHOWN]))}"
    if isinstance(value, Mapping):
        return "an object"
    return "an array" if isinstance(value, list) else type(value).__name__


def _short(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 3] + "…"
