"""Confusion counts by group, in one pass over the rows; counts of disjoint rows add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from meguru.errors import InvalidInput
from meguru.stats.arrays import Floats

if TYPE_CHECKING:
    import polars as pl

MAX_GROUPS = 100
NOBODY = "none"
"""What a group of rows without a value is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCounts:
    """Counts by group, each of shape (groups,).

    Parameters
    ----------
    groups
        What each is called, such as ``F`` or, of an intersection, ``F, 30 or more``.
    rows, selected
        All rows, and those that the model decided for (outcomes need not be known).
    known
        Rows whose outcome is known; the next three are of them alone.
    hits, false_alarms, misses
        Decided for and 1; decided for and 0; decided against and 1.
    """

    groups: tuple[str, ...]
    rows: Floats
    selected: Floats
    known: Floats
    hits: Floats
    false_alarms: Floats
    misses: Floats

    @property
    def rejections(self) -> Floats:
        """Decided against and 0, shape (groups,)."""
        return self.known - self.hits - self.false_alarms - self.misses

    def share(self, measure: str) -> tuple[Floats, Floats]:
        """Return of each group how many rows have a property, and among how many; see `SHARES`.

        Raises
        ------
        InvalidInput
            When there is no such measure.
        """
        if measure not in SHARES:
            raise InvalidInput(f"there is no share {measure!r}", field="measure", hint=", ".join(SHARES))
        return {
            "selection_rate": (self.selected, self.rows),
            "true_positive_rate": (self.hits, self.hits + self.misses),
            "false_positive_rate": (self.false_alarms, self.false_alarms + self.rejections),
            "precision": (self.hits, self.hits + self.false_alarms),
            "accuracy": (self.hits + self.rejections, self.known),
        }[measure]


SHARES: Mapping[str, str] = {
    "selection_rate": "of all rows, those that were decided for",
    "true_positive_rate": "of rows with outcome 1, those that were decided for",
    "false_positive_rate": "of rows with outcome 0, those that were decided for",
    "precision": "of rows that were decided for, those with outcome 1",
    "accuracy": "of all rows with an outcome, those that were decided rightly",
}


def count_groups(
    frame: pl.DataFrame,
    columns: Sequence[str],
    *,
    decided: str | pl.Expr,
    truth: str | pl.Expr,
    cuts: Mapping[str, Sequence[float]] | None = None,
) -> GroupCounts:
    """Count rows by group.

    Parameters
    ----------
    frame
        The rows.
    columns
        Whose values make a group; of several, each combination that is there is one.
    decided
        A column or expression of booleans: whether the model decided for the row.
    truth
        The outcome, 0 or 1, null where it is not known.
    cuts
        Numbers at which a numeric column is cut into spans, by column.

    Raises
    ------
    InvalidInput
        When a column is not there, or there are more than 100 groups.
    """
    import polars as pl

    said = pl.col(decided) if isinstance(decided, str) else decided
    one = (pl.col(truth) if isinstance(truth, str) else truth) == 1
    known = one.is_not_null() & said.is_not_null()
    counted = grouped(
        frame,
        columns,
        cuts or {},
        [
            pl.len().alias("rows"),
            said.sum().alias("selected"),
            known.sum().alias("known"),
            (said & one).sum().alias("hits"),
            (said & ~one).sum().alias("false_alarms"),
            (~said & one).sum().alias("misses"),
        ],
    )
    names = ("rows", "selected", "known", "hits", "false_alarms", "misses")
    return GroupCounts(groups=named(counted, len(columns)), **numbers_of(counted, names))


def grouped(
    frame: pl.DataFrame,
    columns: Sequence[str],
    cuts: Mapping[str, Sequence[float]],
    sums: Sequence[pl.Expr],
) -> pl.DataFrame:
    """Return sums by group, in the order of the groups; refuse columns that are not there, and too many."""
    keys = keys_of(frame, columns, cuts)
    found = frame.group_by(keys).agg(sums)
    # Before anything is compared: pairs of groups grow with the square of their number.
    if found.height > MAX_GROUPS:
        named = " and ".join(columns)
        raise InvalidInput(
            f"up to {MAX_GROUPS} groups can be compared",
            field="columns",
            why=f"{named} has {found.height:,} values",
            hint="give numbers to cut a numeric column at, as in cuts = {age = [30, 50]}",
        )
    return found.sort(key_names(columns), nulls_last=True)


def keys_of(
    frame: pl.DataFrame, columns: Sequence[str], cuts: Mapping[str, Sequence[float]]
) -> list[pl.Expr]:
    """Return what tells the groups of some columns apart, named as `key_names`; refuse unknown columns."""
    keys = zip(columns, key_names(columns), strict=True)
    return [_key(frame, name, cuts.get(name, ())).alias(key) for name, key in keys]


def key_names(columns: Sequence[str]) -> list[str]:
    """Return what keys are called beside sums: a column of groups may itself be called ``size``."""
    return [f"_key{place}" for place in range(len(columns))]


def _key(frame: pl.DataFrame, name: str, cuts: Sequence[float]) -> pl.Expr:
    import polars as pl

    if name not in frame.columns:
        raise InvalidInput(f"the rows have no column {name!r}", field="columns")
    if not cuts:
        return pl.col(name)
    if not frame.schema[name].is_numeric():
        raise InvalidInput(f"{name!r} holds no numbers that can be cut", field="cuts")
    spans = [f"{low:g} to {high:g}" for low, high in pairwise(cuts)]
    labels = [f"below {cuts[0]:g}", *spans, f"{cuts[-1]:g} or more"]
    # Polars takes NaN for greater than any number: it would fall into the last span.
    value = pl.col(name).cast(pl.Float64).fill_nan(None)
    place = pl.sum_horizontal([(value >= cut).cast(pl.Int64) for cut in cuts], ignore_nulls=False)
    return place.replace_strict(range(len(labels)), labels, return_dtype=pl.Enum(labels))


def named(counted: pl.DataFrame, keys: int) -> tuple[str, ...]:
    """Return what the groups are called, by the first so many columns."""
    return tuple(", ".join(map(_text, row[:keys])) for row in counted.iter_rows())


def _text(value: Any) -> str:
    if value is None:
        return NOBODY
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def numbers_of(counted: pl.DataFrame, names: Sequence[str]) -> dict[str, Floats]:
    """Return columns of counts as numbers, by name."""
    return {name: counted.get_column(name).to_numpy().astype(np.float64) for name in names}
