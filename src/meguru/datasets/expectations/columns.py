"""Columns are there, and hold what they should."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from meguru.datasets.expectations.base import CheckedRows, ExpectationOptions, Verdict
from meguru.errors import InvalidInput, near_misses

if TYPE_CHECKING:
    import polars as pl

_WORDS = ("any", "integer", "number", "text", "boolean", "date", "datetime", "time")


class ExpectedColumns(ExpectationOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{check = "schema", columns = {id = "integer", zip = "text"}, exact = true}``.

    A type is a word (``integer``, ``number``, ``text``, ``boolean``, ``date``, ``datetime``, ``any``) or as
    Polars spells it. With `exact` there is no other column.
    """

    key: ClassVar[str] = "schema"

    columns: dict[str, str]
    exact: bool = False

    def check(self) -> None:
        """Refuse no columns, and types that nobody knows."""
        self.check_judged()
        if not self.columns:
            raise InvalidInput("name the columns", field="columns")
        for name, kind in self.columns.items():
            if kind not in _WORDS and not kind[:1].isupper():
                close = near_misses(kind, _WORDS)
                hint = f"did you mean {close[0]!r}?" if close else f"types are {', '.join(_WORDS)}"
                raise InvalidInput(f"there is no type {kind!r}", field=f"columns.{name}", hint=hint)

    def names(self) -> list[str]:
        """Return the columns."""
        return list(self.columns)

    def says(self) -> str:
        """Return what is expected, in words."""
        only = "exactly " if self.exact else ""
        return f"{only}the columns {', '.join(f'{name} ({kind})' for name, kind in self.columns.items())}"

    def measures(self, rows: CheckedRows) -> Mapping[str, pl.Expr]:
        """Return nothing: what columns hold is known without a look at the rows."""
        del rows
        return {}

    def verdict(self, seen: Mapping[str, Any], rows: CheckedRows) -> Verdict:
        """Compare the columns."""
        del seen
        wrong = [f"{name} is not there" for name in self.columns if name not in rows.schema]
        for name, kind in self.columns.items():
            if name in rows.schema and not _holds(rows.schema[name], kind):
                wrong.append(f"{name} holds {rows.schema[name]}, not {kind}")
        if self.exact:
            wrong += [f"{name} is there" for name in rows.schema if name not in self.columns]
        return Verdict(0, "; ".join(wrong) or "all as they should be", not wrong)

    def failing(self, rows: CheckedRows) -> pl.LazyFrame | None:
        """It is about all rows together."""
        del rows
        return None


def _holds(dtype: pl.DataType, kind: str) -> bool:
    import polars as pl

    if dtype == pl.Null:
        return True  # no value was seen yet: it may become anything
    known = {
        "any": True,
        "integer": dtype.is_integer(),
        "number": dtype.is_numeric(),
        "text": isinstance(dtype, pl.String | pl.Categorical | pl.Enum),
        "boolean": dtype == pl.Boolean,
        "date": dtype == pl.Date,
        "datetime": isinstance(dtype, pl.Datetime),
        "time": isinstance(dtype, pl.Datetime | pl.Date | pl.Time),
    }
    return known[kind] if kind in known else kind in {str(dtype), dtype.base_type().__name__}


def word_of(kind: str) -> str:
    """Return the word for a type as Polars spells it, or the spelling where there is none."""
    for word, start in (
        ("integer", ("Int", "UInt")),
        ("number", ("Float", "Decimal")),
        ("datetime", ("Datetime",)),
    ):
        if kind.startswith(start):
            return word
    return {"String": "text", "Boolean": "boolean", "Date": "date", "Null": "any"}.get(kind, kind)
