"""Measure rows: one pass for all that is counted, beside the profile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from meguru.stats.profile import TableProfile

FAR = 3.0
"""Numbers are outliers if they are so many times the middle half's width away from it."""
PLACEHOLDERS = ("", "-", "--", "?", "n/a", "na", "nan", "nil", "none", "null", "unknown", "不明", "なし")
"""What people write where nothing is known, in lower case."""
NUMBER = r"^\s*[-+]?(?:\d{1,3}(?:[,\s]\d{3})+|\d+)(?:[.,]\d+)?(?:[eE][-+]?\d+)?\s*$"
_CLOCK = r"(?:[T\s]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[-+]\d{2}:?\d{2})?)?"
MOMENT = rf"^\s*\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}{_CLOCK}\s*$"


ROWS, COPIES, _DISTINCT = "\0rows", "\0copies", "\0distinct"
"""What is counted of whole rows; no name of a column, which may be empty, makes one of these."""


def measure_quality(scan: pl.LazyFrame, profile: TableProfile) -> dict[str, Any]:
    """Return what is counted, by ``COLUMN.WHAT``; `ROWS` counts rows, `COPIES` those that repeat another one.

    Notes
    -----
    Distinct values and rows are told apart by 64-bit hashes: of a billion rows, one may be taken for a copy.
    """
    import polars as pl

    schema = scan.collect_schema()
    asked: dict[str, pl.Expr] = {ROWS: pl.len()}
    for name, dtype in schema.items():
        value = pl.col(name)
        asked[f"{name}.missing"] = value.null_count()
        if not dtype.is_nested():
            asked[f"{name}.distinct"] = value.drop_nulls().n_unique()
        if dtype.is_numeric():
            asked |= _outlier_measure(name, profile)
        elif dtype == pl.String:
            asked |= _text_measures(name)
    if schema:
        # Hashes of 8 bytes a row rather than the rows: this is what bounds the memory.
        asked[_DISTINCT] = pl.struct(pl.all()).hash().n_unique()
    found = scan.select(**asked).collect(engine="streaming").row(0, named=True)
    return found | {COPIES: found[ROWS] - found.get(_DISTINCT, found[ROWS])}


def fences(profile: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return from where to where numbers are no outliers; None where the middle half is one value."""
    quantiles = profile["quantiles"]
    if not quantiles:
        return None
    low, high = quantiles[2], quantiles[4]
    room = FAR * (high - low)
    return (low - room, high + room) if room > 0 else None


def _outlier_measure(name: str, profile: TableProfile) -> dict[str, pl.Expr]:
    import polars as pl

    known = profile.columns.get(name)
    ends = fences(known.to_dict()) if known is not None else None
    if ends is None:
        return {}
    value = pl.col(name)
    return {f"{name}.outliers": ((value < ends[0]) | (value > ends[1])).sum()}


def _text_measures(name: str) -> dict[str, pl.Expr]:
    import polars as pl

    value = pl.col(name)
    return {
        f"{name}.numbers": value.str.contains(NUMBER).sum(),
        f"{name}.moments": value.str.contains(MOMENT).sum(),
        f"{name}.placeholders": value.str.strip_chars().str.to_lowercase().is_in(PLACEHOLDERS).sum(),
        f"{name}.spaces": (value != value.str.strip_chars()).sum(),
    }
