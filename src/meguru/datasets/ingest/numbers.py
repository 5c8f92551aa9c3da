"""Type inference: values of a column are numbers if each is written back as it stands, else all are text."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

import polars as pl

NUMBER = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"
NOT_FINITE = r"^(?:-?inf|nan|NaN)$"
SAFE_DIGITS = 15
"""A number of so many significant digits comes back from a double as it was."""
_PLAIN = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$"
_PADDED = r"\.[0-9]+0(?:[eE]|$)|\.0[eE]"
_LOOSE = r"^[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?$"
_ZERO = r"^-?0[0-9]+(?:\.[0-9]*)?$"
_BEGIN = re.compile(r"-?\d|-?inf|nan|NaN")
EXACT = 2**53
"""Whole numbers up to here are themselves as fractions too."""
BEYOND = "whole numbers beyond 64 bits"


class NumberFinding:
    """What was seen of the values of a column that began with a number.

    Facts only ever add up, and the first value of each kind is kept, so that it does not matter in which
    pieces the values come.
    """

    spelling = ""

    def __init__(self, decimal: str) -> None:
        self._decimal = decimal
        self._integers = self._whole = self._is_loose = self._is_number = True
        self._has_finite = self._has_exponent = self._has_point = False
        self._zero = self._lost = self._huge = self._code = self._padded = self._long = self._short = ""
        self._least, self._most = 1 << 30, 0

    @classmethod
    def fits(cls, first: str) -> bool:
        """Tell whether a column whose first value is this may hold numbers."""
        return _BEGIN.match(first) is not None

    def see(self, values: pl.Series) -> pl.Series | None:
        """Take in more values; return them as what the column is so far, if that is at hand."""
        if not self._is_loose:
            return None
        plain = plain_numbers(values, self._decimal)
        if self._integers:
            # Written back and compared: leading zeros, signs and spaces would be lost in a number, so such a
            # column is text.
            whole = plain.cast(pl.Int64, strict=False)
            if (whole.cast(pl.String) == plain).all() and whole.null_count() == plain.null_count():
                self._see_integers(whole, plain)
                return whole
        self._integers = False
        return self._see_numbers(plain)

    @property
    def kind(self) -> str:
        """The type that the column has so far."""
        if self._integers:
            return "Int64"
        return "String" if self.why or not (self._has_finite and self._is_number) else "Float64"

    @property
    def why(self) -> str:
        """Why values that look like numbers are text; empty if they are numbers, or no such thing.

        No value is quoted: it is kept with the version, and people ask to have theirs erased.
        """
        if self._integers or not self._has_finite:
            return ""
        if not self._is_number:
            is_code = self._zero and self._is_loose
            return "some begin with a zero" if is_code else ""
        if self._whole:
            return BEYOND
        if self._lost:
            return "some have more digits than a number keeps"
        if self._huge:
            return "some are larger than a number can be"
        return self._unlike

    @property
    def _unlike(self) -> str:
        """Numbers are short, as ``1`` and ``1.5``, or ``1.0`` and ``1.5``, or all have the same decimals."""
        if self._least == self._most and not self._has_exponent:
            return ""
        if self._code and not self._has_point:
            return "some may be codes"  # R writes 1000 so, but beside fractions
        if self._padded:
            return "some would be written back shorter"
        if self._long and self._short:
            return "they are not written alike"
        return ""

    def _see_integers(self, whole: pl.Series, plain: pl.Series) -> None:
        if plain.null_count() == plain.len():
            return
        self._has_finite = True
        self._least = 0
        self._short = self._short or str(plain.first(ignore_nulls=True))
        high, low = int(whole.max() or 0), int(whole.min() or 0)  # type: ignore[arg-type]
        if max(high, -low) > EXACT:
            long = plain.filter((whole > EXACT) | (whole < -EXACT))
            self._see_lost(long, long.cast(pl.Float64))

    def _see_numbers(self, plain: pl.Series) -> pl.Series | None:
        is_plain = plain.str.contains(_PLAIN)
        others = plain.filter(~is_plain)  # few, as a rule: with exponents, or no numbers
        others = others.filter(~others.str.contains(NOT_FINITE))
        if not (is_plain.any() or others.len()):
            return plain.cast(pl.Float64, strict=False) if self.kind == "Float64" else None
        self._has_finite = True
        if not others.str.contains(NUMBER).all():
            self._is_number = False
        if not self._is_number:
            self._zero = self._zero or _first(others, others.str.contains(_ZERO))
            self._is_loose = bool(others.str.contains(_LOOSE).all())
            return None
        self._see_styles(plain, is_plain, others)
        made = plain.cast(pl.Float64, strict=False)
        if not self._huge and not made.is_finite().all():
            words = plain.str.contains(NOT_FINITE)
            self._huge = _first(
                plain, plain.is_not_null() & ~words & ~made.is_finite().fill_null(value=False)
            )
        self._see_lost(plain, made)
        return made if self.kind == "Float64" else None

    def _see_styles(self, plain: pl.Series, is_plain: pl.Series, exponents: pl.Series) -> None:
        if self._least >= self._most:  # once they differ, they are not asked for any more
            self._see_decimals(plain if is_plain.all(ignore_nulls=False) else plain.filter(is_plain))
        has_point = plain.str.contains(".", literal=True)
        self._has_exponent = self._has_exponent or exponents.len() > 0
        self._has_point = self._has_point or bool(has_point.any())
        if not self._code:
            self._code = _first(exponents, exponents.str.contains(r"[eE][0-9]"))
        zeros = plain.filter(is_plain & has_point & plain.str.ends_with("0"))
        if not self._padded and any(each.str.contains(_PADDED).any() for each in (zeros, exponents)):
            self._padded = _first(plain, plain.str.contains(_PADDED))
        self._long = self._long or _first(zeros, zeros.str.ends_with(".0"))
        self._short = self._short or _first(plain, is_plain & ~has_point)
        self._whole = self._whole and not exponents.len() and not (is_plain & has_point).any()

    def _see_decimals(self, plain: pl.Series) -> None:
        if plain.len():
            decimals = (plain.str.len_bytes() - plain.str.find(".", literal=True) - 1).fill_null(0)
            self._least = min(self._least, int(decimals.min() or 0))  # type: ignore[arg-type]
            self._most = max(self._most, int(decimals.max() or 0))  # type: ignore[arg-type]

    def _see_lost(self, numbers: pl.Series, made: pl.Series) -> None:
        """Find the first number that a double does not hold: its shortest spelling is another number."""
        length = numbers.str.len_bytes()
        if self._lost or int(length.max() or 0) <= SAFE_DIGITS:  # type: ignore[arg-type]
            return
        long = numbers.filter(
            ((length > SAFE_DIGITS) & (made.cast(pl.String) != numbers)).fill_null(value=False)
        )
        digits = long.str.replace(r"[eE].*$", "").str.replace_all(r"[-.]", "").str.strip_chars_start("0")
        for text in long.filter(digits.str.len_bytes() > SAFE_DIGITS).unique(maintain_order=True):
            if _is_lost(text):
                self._lost = text
                return


def plain_numbers(values: pl.Series, decimal: str) -> pl.Series:
    """Return numbers with a point before their decimals; one that has a point already is none."""
    if decimal == ".":
        return values
    # A point would be a thousands mark: it makes the value text.
    return values.str.replace_all(".", "\0", literal=True).str.replace(decimal, ".", literal=True)


def _is_lost(text: str) -> bool:
    try:
        return Decimal(text) != Decimal(repr(float(text)))
    except (InvalidOperation, ValueError, OverflowError):
        return True


def _first(values: pl.Series, wanted: pl.Series) -> str:
    at = wanted.fill_null(value=False).arg_max() if wanted.any() else None
    return "" if at is None else str(values[at])
