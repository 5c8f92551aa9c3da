"""Compare one column of two tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from meguru.monitoring.comparing import sides
from meguru.monitoring.comparing.tables import TableSide
from meguru.monitoring.comparing.types import ComparedValues
from meguru.stats.arrays import Floats
from meguru.stats.drift import JOINT_TESTS, TESTS, CategoryCounts, DriftResult, SampledValues
from meguru.stats.drift.encoding import encode_column
from meguru.stats.drift.shares import share_test
from meguru.stats.drift.text import DIMENSIONS

if TYPE_CHECKING:
    import polars as pl

SCHEMA, NULLS = "schema", "nulls"
MISSING = 0.05
"""A share of missing values that moved by no more than this beyond chance is not worth telling."""
_MAX_VECTORS = 2000
_MIN_VALUES = 8


class AskedTest(NamedTuple):
    """Which test was asked for, if any, and which effect is worth telling."""

    test: str = ""
    floor: float | None = None


class Claim(NamedTuple):
    """One thing that may have changed: what a test says of it, and which effect is worth telling."""

    test: str
    statistic: float
    p_value: float
    effect: float
    floor: float

    @property
    def is_worth(self) -> bool:
        """Whether the effect is worth telling."""
        return self.effect > self.floor


class ComparedColumnValues(NamedTuple):
    """What was seen of a column, before all columns' p-values are judged together.

    The first of the `claims` is of its values, if they were compared; the last of what is missing.
    """

    values: ComparedValues
    claims: Sequence[Claim] = ()
    note: str = ""
    goes_on: bool = False

    def decided(self, sure: Sequence[bool]) -> ComparedValues:
        """Say whether it drifted, by what: `sure` tells which claims chance hardly makes."""
        told = [each for each, is_sure in zip(self.claims, sure, strict=True) if is_sure and each.is_worth]
        if self.goes_on:
            told = [each for each in told if each.test == NULLS]
        tested = [claim for claim in self.claims if claim.test != NULLS]
        if not told and not tested:
            return self.values
        shown = (told or tested)[0]
        return msgspec.structs.replace(
            self.values,
            test=shown.test,
            statistic=shown.statistic,
            p_value=shown.p_value,
            effect=shown.effect,
            drifted=bool(told),
        )


def compare_column(
    reference: TableSide, current: TableSide, name: str, question: AskedTest
) -> ComparedColumnValues:
    """Compare the values of a column, and the share of missing ones."""
    for side, other in ((reference, "current"), (current, "reference")):
        if name not in side.schema:
            return _schema(name, f"only in {other}")
    before, after = reference.column(name), current.column(name)
    kinds = sides.kind_of(before), sides.kind_of(after)
    kind = sides.common_kind(*kinds)
    if kind is None:
        return _schema(name, f"{kinds[0]} in reference, {kinds[1]} in current")
    old, new = sides.present(before), sides.present(after)
    missing = _missing(before.len() - old.len(), before.len(), after.len() - new.len(), after.len())
    shares = 1 - old.len() / before.len(), 1 - new.len() / after.len()
    note = f"missing in {shares[0]:.1%} of the reference and {shares[1]:.1%} now" if missing.is_worth else ""
    claim, said = _compared(old, new, kind, question)
    claims = [missing] if claim is None else [claim, missing]
    goes_on = kind == "time" and bool(said)
    values = ComparedValues(column=name, test="")
    return ComparedColumnValues(values, claims, "; ".join(filter(None, (said, note))), goes_on)


def _schema(name: str, why: str) -> ComparedColumnValues:
    return ComparedColumnValues(ComparedValues(column=name, test=SCHEMA, drifted=True), note=why)


def _compared(
    before: pl.Series, after: pl.Series, kind: str, question: AskedTest
) -> tuple[Claim | None, str]:
    """Return what a test says of the values of both sides, and what is to be said of it."""
    if not before.len() or not after.len():
        return None, "nothing to compare"
    if kind == "other":
        return None, f"values of {before.dtype} are not compared"
    if kind == "vector":
        return _of_vectors(before, after, question)
    if kind == "text" or question.test in JOINT_TESTS.names():
        return _embedded(before, after, question)
    numeric = TESTS.load(question.test).numeric if question.test else False
    categorical = TESTS.load(question.test).categorical if question.test else True
    is_number = kind in {"number", "time"}
    if is_number and (kind == "time" or not categorical or not sides.are_codes((before, after))):
        values = sides.of_numbers(before, after)
        return _tested(values, question.test if numeric else "ks", question), _goes_on(values, kind)
    test = question.test if categorical and question.test else "chi_square"
    return _tested(sides.of_categories(before, after), test, question), ""


def _tested(made: SampledValues | CategoryCounts, name: str, question: AskedTest) -> Claim:
    test = TESTS.load(name)
    floor = test.floor if question.floor is None else question.floor
    return _claim(name, test().compare(made, floor=floor), floor)


def _claim(name: str, found: DriftResult, floor: float) -> Claim:
    return Claim(name, found.statistic, found.p_value, found.effect, floor)


def _embedded(before: pl.Series, after: pl.Series, question: AskedTest) -> tuple[Claim | None, str]:
    """Compare texts, or anything by a test of vectors."""
    first, second = _some(before), _some(after)
    found = encode_column(first, second, text=DIMENSIONS)
    if found is None:
        return None, f"values of {before.dtype} are not compared"
    return _jointly(np.nan_to_num(found[0]), np.nan_to_num(found[1]), question)


def _of_vectors(before: pl.Series, after: pl.Series, question: AskedTest) -> tuple[Claim | None, str]:
    first, second = sides.vectors(_some(before)), sides.vectors(_some(after))
    if first is None or second is None or first.shape[1] != second.shape[1]:
        return None, "lists are compared where all are finite numbers of one length"
    return _jointly(first, second, question)


def _some(values: pl.Series) -> pl.Series:
    return values.gather_every(max(1, -(-values.len() // _MAX_VECTORS)))


def _jointly(first: Floats, second: Floats, question: AskedTest) -> tuple[Claim | None, str]:
    if min(len(first), len(second)) < _MIN_VALUES:
        return None, f"fewer than {_MIN_VALUES} values can't be compared so"
    name = question.test if question.test in JOINT_TESTS.names() else "mmd"
    test: Callable[..., DriftResult] = JOINT_TESTS.load(name)
    floor = _floor_of(test) if question.floor is None else question.floor
    return _claim(name, test(first, second, floor=floor), floor), ""


def _floor_of(test: Callable[..., DriftResult]) -> float:
    defaults = test.__kwdefaults__ or {}
    return float(defaults["floor"])


def _goes_on(made: SampledValues, kind: str) -> str:
    """Return what is to be said of moments that are later than those of the reference, as time has it."""
    if kind != "time":
        return ""
    later = float(np.median(made.current) - np.median(made.reference))
    return f"compared as seconds; time goes on: the median is {_span(later)} later" if later > 0 else ""


def _span(seconds: float) -> str:
    return f"{seconds / 86_400:,.1f} days" if seconds >= 86_400 else f"{seconds:,.0f} seconds"


def _missing(had: int, n: int, has: int, m: int) -> Claim:
    return _claim(NULLS, share_test(had, n, has, m, floor=MISSING), MISSING)
