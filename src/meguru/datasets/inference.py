"""What columns of text hold: a number, a time or a boolean only if writing it back gives the same text.

So a code with a leading zero stays a code, and a version number ``1.10`` is not ``1.1``. Numbers are written
back as short as they can be, or all with the same number of decimals; times all in one spelling.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

import polars as pl

MISSING = "NA"
"""What R, and many after it, write for a missing value; it is one where numbers or times stand beside it."""
INTEGER = r"^-?(?:0|[1-9][0-9]{0,18})$"
NUMBER = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"
NOT_FINITE = r"^(?:-?inf|nan|NaN)$"
SAFE_DIGITS = 15
"""A number of so many significant digits comes back from a double as it was."""
BOOLEANS = ({"true", "false"}, {"True", "False"}, {"TRUE", "FALSE"})
_CLOCK = r"\d\d:\d\d:\d\d"
_OFFSET = r"(?:Z|[+-]\d\d:?\d\d)$"
TIMES = (
    (r"^\d{4}-\d\d-\d\d$", "%Y-%m-%d"),
    (rf"^\d{{4}}-\d\d-\d\dT{_CLOCK}(?:\.\d{{1,6}})?{_OFFSET}", "%Y-%m-%dT%H:%M:%S%.f%#z"),
    (rf"^\d{{4}}-\d\d-\d\d {_CLOCK}(?:\.\d{{1,6}})?{_OFFSET}", "%Y-%m-%d %H:%M:%S%.f%#z"),
    (rf"^\d{{4}}-\d\d-\d\dT{_CLOCK}(?:\.\d{{1,6}})?$", "%Y-%m-%dT%H:%M:%S%.f"),
    (rf"^\d{{4}}-\d\d-\d\d {_CLOCK}(?:\.\d{{1,6}})?$", "%Y-%m-%d %H:%M:%S%.f"),
)
ZONED = "%#z"


@dataclass(frozen=True, slots=True)
class Inferred:
    """The typed columns, how times are written, and why columns that look like more are text."""

    frame: pl.DataFrame
    times: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    nulls: list[str] = field(default_factory=list)


def infer(text: pl.DataFrame, *, decimal: str, nulls: list[str] | None) -> Inferred:
    """Find what each column of text holds; an empty field is a missing value.

    Parameters
    ----------
    text
        Columns of text, without nulls.
    decimal
        What stands before the decimals: ``.`` or ``,``.
    nulls
        The texts that mean a missing value; None: `MISSING` is one if a column of something else has it.
    """
    marks = [MISSING] if nulls is None else nulls
    made: dict[str, pl.Series] = {}
    times: dict[str, str] = {}
    kept: dict[str, str] = {}
    used = False
    for column in text:
        empty = _without(column, ["", *marks])
        typed, spelling, why = _typed(empty, decimal)
        if typed is not None:
            used = used or empty.null_count() > int((column == "").sum())
            made[column.name] = typed
            times |= {column.name: spelling} if spelling else {}
        else:
            kept |= {column.name: why} if why else {}
    # In columns of text it may be a word: Namibia's code, for one.
    rest = marks if nulls is not None or used else []
    frame = text.select(
        made[column.name] if column.name in made else _without(column, ["", *rest]) for column in text
    )
    return Inferred(
        frame=frame,
        times=times,
        kept=kept,
        nulls=list(marks) if nulls is None and used else list(nulls or []),
    )


def cast(column: pl.Series, kind: str, *, decimal: str, spelling: str = "") -> pl.Series:
    """Make text what it was said, or found, to be; what is not becomes null.

    Parameters
    ----------
    column
        Text, with nulls for missing values.
    kind
        A type as the schema of a version spells it.
    decimal
        What stands before the decimals.
    spelling
        How dates and times are written; empty: as ISO 8601, in any of `TIMES`.
    """
    if kind in {"String", "Null"}:
        return column
    if kind == "Boolean":
        lower = column.str.to_lowercase()
        return lower.replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean)
    if kind in {"Date", "Datetime", "Datetime[UTC]"}:
        return _time(column, kind, spelling)
    plain = column if decimal == "." else column.str.replace(decimal, ".", literal=True)
    return plain.cast({"Float64": pl.Float64, "UInt64": pl.UInt64}.get(kind, pl.Int64), strict=False)


def time_of(column: pl.Series) -> tuple[pl.Series | None, str, str]:
    """Return text as dates or times with how they are written, or what kept it from being so."""
    first = column.first(ignore_nulls=True)
    return (None, "", "") if first is None else _times(column, str(first))


def _time(column: pl.Series, kind: str, spelling: str) -> pl.Series:
    for each in [spelling] if spelling else [form for _, form in TIMES]:
        if kind == "Date":
            made = column.str.to_date(each, strict=False)
        elif each.endswith(("%z", ZONED, "%:z")):
            made = column.str.to_datetime(each, strict=False, time_unit="us", time_zone="UTC")
            made = made if kind == "Datetime[UTC]" else made.dt.replace_time_zone(None)
        else:
            made = column.str.to_datetime(each, strict=False, time_unit="us")
            made = made.dt.replace_time_zone("UTC") if kind == "Datetime[UTC]" else made
        if made.null_count() == column.null_count():
            return made
    return made


def _without(column: pl.Series, nulls: list[str]) -> pl.Series:
    return column.to_frame().select(
        pl.when(pl.col(column.name).is_in(nulls)).then(None).otherwise(pl.col(column.name)).alias(column.name)
    )[column.name]


def _typed(column: pl.Series, decimal: str) -> tuple[pl.Series | None, str, str]:
    """Return the values, how times are written, and what kept a column from being more than text."""
    first = column.first(ignore_nulls=True)
    if first is None:
        return None, "", ""
    first = str(first)
    for words in BOOLEANS:
        if first in words and set(column.drop_nulls().unique()) <= words:
            return cast(column, "Boolean", decimal=decimal), "", ""
    if re.match(r"-?\d|-?inf|nan|NaN", first):
        plain = column if decimal == "." else _with_point(column, decimal)
        numbers, why = _numbers(plain)
        if numbers is not None or why:
            return numbers, "", why
    return _times(column, first)


def _with_point(column: pl.Series, decimal: str) -> pl.Series:
    # A point would be a thousands mark then: it makes the value text.
    return column.str.replace_all(".", "\0", literal=True).str.replace(decimal, ".", literal=True)


def _numbers(column: pl.Series) -> tuple[pl.Series | None, str]:
    if _all(column, INTEGER) and not (column == "-0").any():
        whole = column.cast(pl.Int64, strict=False)
        if whole.null_count() == column.null_count():
            return whole, ""
        return None, "whole numbers beyond 64 bits"
    finite = column.filter(~column.str.contains(NOT_FINITE).fill_null(value=True))
    if not finite.len():
        return None, ""
    if not _all(finite, NUMBER):
        zero = _first(finite, r"^-?0[0-9]+(?:\.[0-9]*)?$")
        is_numeric = _all(finite, r"^[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?$")
        return None, f"{zero!r} begins with a zero" if zero and is_numeric else ""
    if why := _not_written_back(finite):
        return None, why
    return column.cast(pl.Float64, strict=False), ""


def _not_written_back(numbers: pl.Series) -> str:
    """Return what of these numbers would be lost; empty when each comes back as it stands."""
    if _all(numbers, INTEGER.replace("{0,18}", "*")):
        return "whole numbers beyond 64 bits"
    digits = numbers.str.replace(r"[eE].*$", "").str.replace_all(r"[-.]", "").str.strip_chars_start("0")
    long = numbers.filter(digits.str.len_bytes() > SAFE_DIGITS)
    if long.len() and (lost := _lost(long)):
        return f"{lost!r} has more digits than a number keeps"
    if (limit := numbers.cast(pl.Float64, strict=False).is_finite()).all() is False:
        return f"{numbers.filter(~limit).first()!r} is larger than a number can be"
    return _styles(numbers)


def _styles(numbers: pl.Series) -> str:
    """Numbers are short, as ``1`` and ``1.5``, or as ``1.0`` and ``1.5``, or all have the same decimals."""
    decimals = numbers.str.extract(r"\.([0-9]+)", 1).str.len_bytes().fill_null(0)
    if decimals.n_unique() == 1 and not numbers.str.contains(r"[eE]").any():
        return ""
    if (code := _first(numbers, r"[eE][0-9]")) and not numbers.str.contains(r"\.").any():
        return f"{code!r} may be a code"  # R writes 1000 so, but beside fractions
    padded = _first(numbers, r"\.[0-9]+0(?:[eE]|$)|\.0[eE]")
    if padded:
        return f"{padded!r} would be written back shorter"
    point, whole = _first(numbers, r"\.0$"), _first(numbers, r"^-?[0-9]+$")
    return f"{whole!r} and {point!r} are not written alike" if point and whole else ""


def _lost(numbers: pl.Series) -> str:
    """Return the first of these that a double does not hold: its shortest spelling is another number."""
    doubtful = numbers.filter(numbers.cast(pl.Float64).cast(pl.String) != numbers)
    for text in doubtful.unique(maintain_order=True):
        try:
            if Decimal(text) != Decimal(repr(float(text))):
                return str(text)
        except (InvalidOperation, ValueError, OverflowError):
            return str(text)
    return ""


def _times(column: pl.Series, first: str) -> tuple[pl.Series | None, str, str]:
    for pattern, spelling in TIMES:
        if not re.match(pattern, first):
            continue
        if not _all(column, pattern):
            return None, "", "its times are not all written alike"
        kind = "Date" if "%H" not in spelling else "Datetime[UTC]" if ZONED in spelling else "Datetime"
        if spelling.endswith(ZONED) and column.str.extract(f"({_OFFSET})", 1).drop_nulls().n_unique() > 1:
            return None, "", "its times have different offsets from UTC"
        if "%H" in spelling and not _fractions_alike(column):
            return None, "", "its times have different numbers of decimals"
        made = cast(column, kind, decimal=".", spelling=spelling)
        if made.null_count() == column.null_count():
            return made, spelling, ""
        return None, "", "some are dates or times that do not exist"
    return None, "", ""


def _fractions_alike(column: pl.Series) -> bool:
    digits = set(
        column.str.extract(r":\d\d\.(\d+)", 1).str.len_bytes().fill_null(0).filter(column.is_not_null())
    )
    return len(digits) == 1 or digits == {0, 6}


def _all(column: pl.Series, pattern: str) -> bool:
    return bool(column.str.contains(pattern).all(ignore_nulls=True))


def _first(column: pl.Series, pattern: str) -> str:
    found = column.filter(column.str.contains(pattern).fill_null(value=False))
    return str(found.first()) if found.len() else ""


SAID: Mapping[str, str] = {
    "text": "String",
    "string": "String",
    "str": "String",
    "integer": "Int64",
    "int": "Int64",
    "number": "Float64",
    "float": "Float64",
    "boolean": "Boolean",
    "bool": "Boolean",
    "date": "Date",
    "datetime": "Datetime",
    "time": "Datetime",
    "timestamp": "Datetime[UTC]",
}
"""What people say of a column, and the type that it is."""
