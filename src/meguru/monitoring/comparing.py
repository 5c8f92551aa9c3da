"""Compare any two tables, column by column, without any set-up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from meguru.errors import InvalidInput
from meguru.stats.arrays import Floats, as_level
from meguru.stats.drift import TESTS, CategoryCounts, DriftTest, SampledValues
from meguru.stats.drift.many import discoveries
from meguru.stats.drift.shares import share_test

if TYPE_CHECKING:
    import polars as pl

FEW = 20
"""Whole numbers with no more values than this are compared as categories."""
MOST_CATEGORIES = 100
"""The most frequent categories of both sides together stand alone; the others are one."""
SCHEMA = "schema"
MISSING = 0.05
"""A share of missing values that moved by no more than this beyond chance is not worth telling."""


class ComparedValues(msgspec.Struct, frozen=True, kw_only=True):
    """How one column differs between two tables.

    `drifted` is true when chance alone hardly makes such a difference, of the values or of the share of
    missing ones, and its effect is worth telling. `test` is ``schema`` for a column that one table does not
    have, or holds as something else, and empty for what is not compared; `says` tells it in words. What is
    not a finite number is missing too.
    """

    column: str
    test: str
    statistic: float | None = None
    p_value: float | None = None
    effect: float = 0.0
    drifted: bool = False
    nulls_reference: float = 0.0
    nulls_current: float = 0.0
    says: str = ""


class TableComparison(msgspec.Struct, frozen=True, kw_only=True):
    """How two tables differ: rows of both, and each column, in the order of the reference."""

    reference: str
    current: str
    rows_reference: int
    rows_current: int
    level: float
    columns: list[ComparedValues]

    @property
    def drifted(self) -> list[str]:
        """The columns that differ by more than chance and more than a trifle."""
        return [each.column for each in self.columns if each.drifted]


class _Claim(NamedTuple):
    """One thing that may have changed: how sure that is, how much, and what is worth telling."""

    p_value: float | None
    effect: float
    floor: float


class _Looked(NamedTuple):
    values: ComparedValues
    claims: Sequence[_Claim] = ()


def compare_tables(
    reference: pl.DataFrame,
    current: pl.DataFrame,
    *,
    names: tuple[str, str] = ("reference", "current"),
    test: str = "",
    level: float = 0.01,
    floor: float | None = None,
) -> TableComparison:
    """Compare two tables column by column.

    Parameters
    ----------
    reference, current
        Tables with at least one row each.
    names
        What they are called.
    test
        The test for all columns that it can compare; by default `ks` for numbers, `chi_square` for the rest.
    level
        Scalar, probability: the share of wrong ones among the columns that are called drifted.
    floor
        Scalar, in the unit of the test's effect; by default each test's own.

    Raises
    ------
    InvalidInput
        If a table is empty, or there is no such test.
    """
    as_level(level, "level")
    for name, table in zip(names, (reference, current), strict=True):
        if not table.height:
            raise InvalidInput(f"{name} has no rows to compare", field="files")
    chosen = TESTS.load(test) if test else None
    found = [_column(reference, current, each, chosen, floor) for each in _all_columns(reference, current)]
    return TableComparison(
        reference=names[0],
        current=names[1],
        rows_reference=reference.height,
        rows_current=current.height,
        level=level,
        columns=_decided(found, level),
    )


def _all_columns(reference: pl.DataFrame, current: pl.DataFrame) -> list[str]:
    return list(dict.fromkeys([*reference.columns, *current.columns]))


def _decided(found: Sequence[_Looked], level: float) -> list[ComparedValues]:
    """Say which columns drifted: by all p-values together, and each by its effect."""
    doubts = [each.p_value for looked in found for each in looked.claims if each.p_value is not None]
    told = iter(discoveries(doubts, level))
    made = []
    for looked in found:
        sure = [each.p_value is None or next(told) for each in looked.claims]
        drifted = any(
            is_sure and claim.effect > claim.floor for is_sure, claim in zip(sure, looked.claims, strict=True)
        )
        made.append(msgspec.structs.replace(looked.values, drifted=True) if drifted else looked.values)
    return made


def _column(
    reference: pl.DataFrame,
    current: pl.DataFrame,
    name: str,
    chosen: type[DriftTest] | None,
    floor: float | None,
) -> _Looked:
    for table, there in ((reference, "current"), (current, "reference")):
        if name not in table.columns:
            return _Looked(ComparedValues(column=name, test=SCHEMA, drifted=True, says=f"only in {there}"))
    before, after = reference[name], current[name]
    kinds = [kind for kind in map(_kind, (before, after)) if kind != "null"]
    if len(set(kinds)) > 1:
        says = f"{kinds[0]} in reference, {kinds[1]} in current"
        return _Looked(ComparedValues(column=name, test=SCHEMA, drifted=True, says=says))
    shares = _null_share(before), _null_share(after)
    seen = ComparedValues(column=name, test="", nulls_reference=shares[0], nulls_current=shares[1])
    sample = _sample(before, after, kinds[0]) if kinds and kinds[0] in {"number", "category"} else None
    if sample is None:
        why = "nothing to compare" if not kinds or kinds[0] != "time" else "times differ by themselves"
        return _Looked(msgspec.structs.replace(seen, says=why), [_missing(before, after)])
    return _tested(seen, sample, chosen, floor, _missing(before, after))


def _tested(
    seen: ComparedValues,
    sample: SampledValues | CategoryCounts,
    chosen: type[DriftTest] | None,
    floor: float | None,
    missing: _Claim,
) -> _Looked:
    is_numeric = isinstance(sample, SampledValues)
    fits = chosen is not None and (chosen.numeric if is_numeric else chosen.categorical)
    test = chosen if fits and chosen is not None else TESTS.load("ks" if is_numeric else "chi_square")
    found = test().compare(sample)
    values = msgspec.structs.replace(
        seen,
        test=test.key,
        statistic=found.statistic,
        p_value=found.p_value,
        effect=found.effect,
        says=_missing_words(seen, missing),
    )
    least = test.floor if floor is None else floor
    return _Looked(values, [_Claim(found.p_value, found.effect, least), missing])


def _missing(before: pl.Series, after: pl.Series) -> _Claim:
    """Compare the shares of missing values."""
    found = share_test(_nulls(before), len(before), _nulls(after), len(after))
    return _Claim(found.p_value, found.effect, MISSING)


def _missing_words(seen: ComparedValues, missing: _Claim) -> str:
    if missing.effect <= missing.floor:
        return ""
    return f"missing in {seen.nulls_reference:.1%} of the reference and {seen.nulls_current:.1%} now"


def _kind(values: pl.Series) -> str:
    import polars as pl

    kind = values.dtype
    if _nulls(values) == len(values):
        return "null"
    if kind.is_numeric():
        return "number"
    if kind in (pl.Boolean, pl.String, pl.Categorical, pl.Enum):
        return "category"
    return "time" if kind.is_temporal() else "other"


def _nulls(values: pl.Series) -> int:
    """Count what is missing: nulls, and what is not a finite number."""
    return len(values) - len(_present(values))


def _present(values: pl.Series) -> pl.Series:
    return values.filter(values.is_finite()) if values.dtype.is_float() else values.drop_nulls()


def _null_share(values: pl.Series) -> float:
    return _nulls(values) / len(values)


def _sample(before: pl.Series, after: pl.Series, kind: str) -> SampledValues | CategoryCounts | None:
    """Return what is compared; None if a side has no value."""
    import polars as pl

    sides = [_present(each) for each in (before, after)]
    if not all(map(len, sides)):
        return None
    if kind == "number" and not _are_codes(sides):
        first, second = (each.cast(pl.Float64).sort().to_numpy() for each in sides)
        return SampledValues(reference=first, current=second)
    return _counts(*sides)


def _are_codes(sides: Sequence[pl.Series]) -> bool:
    """Tell whether whole numbers are so few that they are names of something."""
    return all(each.dtype.is_integer() and each.n_unique() <= FEW for each in sides)


def _counts(before: pl.Series, after: pl.Series) -> CategoryCounts:
    import polars as pl

    counted = [
        each.cast(pl.String).value_counts(name=side).rename({each.name: "value"})
        for each, side in ((before, "before"), (after, "after"))
    ]
    both = counted[0].join(counted[1], on="value", how="full", coalesce=True).fill_null(0)
    both = both.with_columns(total=pl.col("before") + pl.col("after")).sort(
        "total", "value", descending=[True, False]
    )
    counts = [both[side].to_numpy().astype(np.float64) for side in ("before", "after")]
    first, second = (_with_rest(each) for each in counts)
    return CategoryCounts(reference=first, current=second)


def _with_rest(counts: Floats) -> Floats:
    if counts.size <= MOST_CATEGORIES:
        return counts
    return np.append(counts[:MOST_CATEGORIES], counts[MOST_CATEGORIES:].sum())
