"""Columns whose type was declared: each value fits it, or the file is refused."""

from __future__ import annotations

import re

import polars as pl

from meguru.datasets import inference
from meguru.datasets.declared_types import declared_type
from meguru.datasets.ingest.column import MISSING, without
from meguru.datasets.polars_types import TIMES
from meguru.errors import InvalidInput

_ZONE = re.compile(r".*(?:Z|[+-]\d\d:?\d\d)$", re.DOTALL)


class DeclaredColumn:
    """A column whose type was said: each value fits it, or the file is refused with the row."""

    why = ""

    def __init__(self, name: str, word: str, decimal: str, nulls: list[str] | None, file: str) -> None:
        self.name, self._word, self._decimal, self._file = name, word, decimal, file
        self._kind, self._spelling = declared_type(name, word)
        self._nulls = nulls
        self._marks = [MISSING] if nulls is None and self._kind != "String" else nulls or []
        self._spellings = [self._spelling] if self._spelling else [form for _, form in inference.TIMES]
        self._rows = 0
        self._has_zone: bool | None = None
        self.missing = False
        """Whether `MISSING` was seen, and nothing said of it."""

    def see(self, text: pl.Series) -> pl.Series | None:
        """Take in more fields; return their values.

        Raises
        ------
        InvalidInput
            If one is not what was said.
        """
        if self._nulls is None and not self.missing:
            self.missing = bool((text == MISSING).any())
        if self._kind == "String":
            return None
        values = without(text, self._marks)
        made = self._times(values) if self._kind in TIMES else self._cast(values, "")
        self._check(values, made)
        self._rows += text.len()
        return made

    @property
    def kind(self) -> str:
        """The type of the column: times are UTC where they have an offset."""
        return "Datetime[UTC]" if self._kind == "Datetime" and self._has_zone else self._kind

    @property
    def spelling(self) -> str:
        """How its times are written."""
        return self._spellings[0] if self._kind in TIMES else ""

    def typed(self, text: pl.Series, kind: str, nulls: list[str]) -> pl.Series:
        """Return fields as values of a type that all of them have."""
        if kind in {"String", "Null"}:
            return without(text, nulls)
        return inference.cast(without(text, self._marks), kind, decimal=self._decimal, spelling=self.spelling)

    def _times(self, values: pl.Series) -> pl.Series:
        first = values.first(ignore_nulls=True)
        if self._has_zone is None and first is not None:
            self._has_zone = _ZONE.match(str(first)) is not None
        # Each piece narrows the spellings that fit; one is left, or the first value that fits none is told.
        fitting = [spelling for spelling in self._spellings if self._fits(values, spelling)]
        self._spellings = fitting or self._spellings
        return self._cast(values, self._spellings[0])

    def _fits(self, values: pl.Series, spelling: str) -> bool:
        try:
            return self._cast(values, spelling).null_count() == values.null_count()
        except pl.exceptions.PolarsError:
            return False

    def _cast(self, values: pl.Series, spelling: str) -> pl.Series:
        return inference.cast(values, self.kind, decimal=self._decimal, spelling=spelling)

    def _check(self, values: pl.Series, made: pl.Series) -> None:
        wrong = made.is_null() & values.is_not_null()
        if not wrong.any():
            return
        row = int(wrong.arg_max() or 0)
        more = int(wrong.sum()) - 1
        raise InvalidInput(
            f"column {self.name!r} is no {self._word.partition(':')[0]}",
            where=self._file,
            why=f"row {self._rows + row + 1} has another" + (f", and {more:,} more after it" if more else ""),
            hint="say how it is written (--type at='datetime:%d/%m/%Y %H:%M'), or what is missing (--null)",
            field=f"read.types.{self.name}",
        )
