"""The same value in other forms: as text, as a number, as a moment."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import polars as pl

_LONGEST_NUMBER = 40
DIGITS = frozenset("0123456789+-. \t")
"""How text begins that may be a number, or have spaces around it."""
_PLAIN = re.compile(r"[+-]?(?:0|[1-9]\d*)(?:\.\d+)?")
"""A number as text: 007 is another name than 7, as long as a column holds text."""
_WHOLE = (-(1 << 63), (1 << 64) - 1)


def forms_of(values: Iterable[str]) -> list[str]:
    """Return values with the other forms in which a table may have them as text.

    Examples
    --------
    >>> forms_of(["7"]), forms_of([" Anna@example.com"])
    (['7', '7.0'], ['Anna@example.com', 'anna@example.com'])
    """
    found: dict[str, None] = {}
    for value in values:
        plain = value.strip() or value
        found |= dict.fromkeys([plain, *(unicodedata.normalize(form, plain) for form in _NORMAL)])
        if "@" in plain:
            found[plain.lower()] = None
        number = _number(plain) if _PLAIN.fullmatch(plain) else None
        if number is not None and number == number.to_integral_value():
            found |= dict.fromkeys([f"{number:.0f}", f"{number:.1f}"])
    return list(found)


_NORMAL: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = ("NFC", "NFD", "NFKC", "NFKD")


def folded(text: str) -> str:
    """Return the one form that all forms of a value share."""
    plain = unicodedata.normalize("NFKC", text.strip())
    if "@" in plain:
        return plain.lower()
    if plain[:1] in DIGITS and _PLAIN.fullmatch(plain) and (number := _number(plain)) is not None:
        return f"{number.normalize():f}"
    return plain


def numbers_of(forms: Iterable[str], *, whole: bool) -> list[int | float]:
    """Return the numbers that texts spell: those that a column of whole or of other numbers may have."""
    found: dict[int | float, None] = {}
    for form in forms:
        if (number := _number(form)) is None:
            continue
        if number == number.to_integral_value() and _WHOLE[0] <= number <= _WHOLE[1]:
            found[int(number)] = None
        elif not whole:
            found[float(number)] = None
    return list(found)


def dates_of(forms: Iterable[str], kind: pl.DataType) -> list[Any]:
    """Return the days, or moments, that texts spell in ISO 8601, for a column of that type."""
    import polars as pl

    found: dict[Any, None] = {}
    for form in forms:
        with suppress(ValueError):
            moment = datetime.fromisoformat(form)
            zone = getattr(kind, "time_zone", None)
            if kind == pl.Date:
                found[moment.date()] = None
            elif bool(zone) == (moment.tzinfo is not None):
                found[moment] = None
    return [each for each in found if isinstance(each, date)]


def _number(text: str) -> Decimal | None:
    if len(text) > _LONGEST_NUMBER:
        return None
    with suppress(InvalidOperation):
        found = Decimal(text)
        return found if found.is_finite() and abs(found.adjusted()) < _LONGEST_NUMBER else None
    return None
