"""Type inference for a column of text, piece by piece."""

from __future__ import annotations

from typing import Protocol

import polars as pl

from meguru.datasets.inference import cast
from meguru.datasets.ingest.numbers import NumberFinding
from meguru.datasets.ingest.timestamps import TimestampFinding

MISSING = "NA"
"""What R, and many after it, write for a missing value; it is one where numbers or times stand beside it."""
BOOLEANS = ({"true", "false"}, {"True", "False"}, {"TRUE", "FALSE"})


class ColumnFinding(Protocol):
    """What is known of the values of a column; it only ever grows, whatever pieces they come in."""

    @property
    def kind(self) -> str:
        """The type that the column has by what was seen."""
        ...

    @property
    def why(self) -> str:
        """Why it is text though it looks like more."""
        ...

    @property
    def spelling(self) -> str:
        """How its times are written."""
        ...

    def see(self, values: pl.Series) -> pl.Series | None:
        """Take in more values, nulls where none is; return them typed, if that is at hand."""
        ...


class TextFinding:
    """A column that is text from its first value on."""

    kind, why, spelling = "String", "", ""

    def see(self, values: pl.Series) -> pl.Series | None:
        """Return the values as they are."""
        return values


class BooleanFinding:
    """A column that began with a boolean: it is one as long as all are written alike."""

    why = spelling = ""

    def __init__(self, words: set[str]) -> None:
        self._words, self._alike = words, True

    @property
    def kind(self) -> str:
        """Boolean, unless another word was seen."""
        return "Boolean" if self._alike else "String"

    def see(self, values: pl.Series) -> pl.Series | None:
        """Take in more values."""
        if not self._alike:
            return None
        yes = max(self._words, key=str.lower)
        made = values == yes
        self._alike = bool((made | (values == min(self._words, key=str.lower))).all())
        return made if self._alike else None


def begin(first: str, decimal: str) -> ColumnFinding:
    """Return what a column may hold whose first value is this."""
    for words in BOOLEANS:
        if first in words:
            return BooleanFinding(words)
    return TimestampFinding.of(first) or (
        NumberFinding(decimal) if NumberFinding.fits(first) else TextFinding()
    )


class InferredColumn:
    """A column of which nothing was said: what it holds is found from its values.

    Parameters
    ----------
    nulls
        What means a missing value beside an empty field; None if nothing was said: `MISSING` may.
    """

    def __init__(self, name: str, decimal: str, nulls: list[str] | None) -> None:
        self.name = name
        self._decimal, self._nulls = decimal, nulls
        self._marks = [MISSING] if nulls is None else nulls
        self.finding: ColumnFinding | None = None
        self.missing = False
        """Whether `MISSING` was seen, and nothing said of it."""

    def see(self, text: pl.Series) -> pl.Series | None:
        """Take in more fields; return their values, if they are at hand typed."""
        if self._nulls is None and not self.missing:
            self.missing = bool((text == MISSING).any())
        # Text stays text: nothing more has to be looked at, which makes text columns the cheap ones.
        if isinstance(self.finding, TextFinding):
            return None
        values = without(text, self._marks)
        if self.finding is None:
            if values.null_count() == values.len():
                return None
            self.finding = begin(str(values.first(ignore_nulls=True)), self._decimal)
        made = self.finding.see(values)
        # In text, `MISSING` may be a word: that is known at the end.
        return None if self.kind == "String" else made

    @property
    def kind(self) -> str:
        """The type of the column by what was seen; ``Null`` if it had no value yet."""
        return self.finding.kind if self.finding else "Null"

    @property
    def why(self) -> str:
        """Why it is text though it looks like more."""
        return self.finding.why if self.finding else ""

    @property
    def spelling(self) -> str:
        """How its times are written."""
        return self.finding.spelling if self.finding and self.kind != "String" else ""

    def typed(self, text: pl.Series, kind: str, nulls: list[str]) -> pl.Series:
        """Return fields as values of a type that all of them have."""
        typed = kind not in {"String", "Null"}
        values = without(text, self._marks if typed else nulls)
        return cast(values, kind, decimal=self._decimal, spelling=self.spelling) if typed else values


def without(text: pl.Series, marks: list[str]) -> pl.Series:
    """Return fields with nulls where nothing stands, or one of `marks`."""
    known = text != ""
    for mark in marks:
        known &= text != mark
    if known.all():  # as most columns are
        return text
    return text.to_frame().select(pl.when(known).then(pl.col(text.name)))[text.name]
