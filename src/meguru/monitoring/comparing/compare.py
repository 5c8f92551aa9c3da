"""Compare two tables: which columns differ by more than chance and more than a trifle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from meguru.errors import NotFound
from meguru.monitoring.comparing.column import AskedTest, ComparedColumnValues, compare_column
from meguru.monitoring.comparing.tables import TableSide
from meguru.monitoring.comparing.types import ComparedValues, JointComparison, TableComparison
from meguru.stats.arrays import as_level
from meguru.stats.drift import JOINT_TESTS, TESTS
from meguru.stats.drift.encoding import encode_rows
from meguru.stats.drift.false_discovery import discoveries
from meguru.stats.drift.result import check_floor

if TYPE_CHECKING:
    import polars as pl

_MAX_JOINT_ROWS = 4000


class _Sides(NamedTuple):
    reference: TableSide
    current: TableSide


def compare_tables(
    reference: pl.DataFrame | pl.LazyFrame,
    current: pl.DataFrame | pl.LazyFrame,
    *,
    names: tuple[str, str] = ("reference", "current"),
    test: str = "",
    level: float = 0.01,
    floor: float | None = None,
    joint: str = "",
) -> TableComparison:
    """Compare two tables column by column.

    Parameters
    ----------
    reference, current
        Tables with at least one row each. Scans are read a column at a time; of more than five million rows
        every second, third … is compared.
    names
        What they are called.
    test
        The test for all columns that it can compare; by default `ks` for numbers, `mmd` for texts and
        vectors, `chi_square` for the rest.
    level
        Scalar, probability: the share of wrong ones among the columns that are called drifted.
    floor
        Scalar, in the unit of the test's effect; by default each test's own.
    joint
        A test of rows as a whole: `mmd`, `energy` or `domain_classifier`; by default none.

    Raises
    ------
    InvalidInput
        If a table is empty.
    NotFound
        If there is no such test.
    """
    as_level(level, "level")
    if floor is not None:
        check_floor(floor)
    _check_names(test, joint)
    sides = _Sides(TableSide(names[0], reference), TableSide(names[1], current))
    question = AskedTest(test=test, floor=floor)
    every = dict.fromkeys([*sides.reference.schema, *sides.current.schema])
    found = [compare_column(*sides, each, question) for each in every]
    return TableComparison(
        reference=names[0],
        current=names[1],
        rows_reference=sides.reference.height,
        rows_current=sides.current.height,
        level=level,
        columns=_decided(found, level),
        notes=_sampled(sides)
        | {column_values.values.column: column_values.note for column_values in found if column_values.note},
        joint=_joint(sides, joint, level, floor) if joint else None,
    )


def _check_names(test: str, joint: str) -> None:
    if test and test not in JOINT_TESTS.names():
        try:
            TESTS.load(test)
        except NotFound:
            raise NotFound.of(TESTS.family, test, [*TESTS.names(), *JOINT_TESTS.names()]) from None
    if joint:
        JOINT_TESTS.load(joint)


def _decided(found: Sequence[ComparedColumnValues], level: float) -> list[ComparedValues]:
    """Say which columns drifted: by all p-values together, and each by its effect."""
    # All columns and their missing values in one procedure: it controls the share of false ones among them.
    doubts = [claim.p_value for values in found for claim in values.claims]
    told = iter(discoveries(doubts, level))
    return [values.decided([next(told) for _ in values.claims]) for values in found]


def _sampled(sides: _Sides) -> dict[str, str]:
    notes = [
        f"of {side.height:,} rows of {side.name} every {side.every}th is compared"
        for side in sides
        if side.every > 1
    ]
    return {"*": "; ".join(notes)} if notes else {}


def _joint(sides: _Sides, joint: str, level: float, floor: float | None) -> JointComparison | None:
    import numpy as np

    rows = encode_rows(*(side.sample(_MAX_JOINT_ROWS) for side in sides))
    if not rows.names:
        return None
    options = {} if floor is None else {"floor": floor}
    if joint == "domain_classifier":
        found = JOINT_TESTS.load(joint)(*rows[:2], alpha=level, names=rows.names, **options)
    else:
        found = JOINT_TESTS.load(joint)(*(np.nan_to_num(each) for each in rows[:2]), alpha=level, **options)
    return JointComparison(
        test=joint,
        statistic=found.statistic,
        p_value=found.p_value,
        effect=found.effect,
        drifted=found.drifted,
        rows_reference=found.n_reference,
        rows_current=found.n_current,
        telling=dict(getattr(found, "telling", ())),
    )
