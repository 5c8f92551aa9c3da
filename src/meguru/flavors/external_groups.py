"""Groups from another table, joined to the holdout by a key for a fairness check; only sums are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from meguru.errors import InvalidInput, near_misses
from meguru.fairness import FairnessResult, GroupValue
from meguru.fairness.submitted_counts import SMALL_GROUPS

if TYPE_CHECKING:
    import polars as pl

_KEY = "_key"


def join_groups(
    rows: pl.DataFrame, groups: pl.DataFrame, *, key: str, columns: Sequence[str], name: str
) -> tuple[pl.DataFrame, float]:
    """Return rows with columns of others that have the same key, and which share of them was found.

    Rows that were not found are left out. A value that is missing where the row was found stays missing: such
    rows are a group.

    Parameters
    ----------
    rows
        Have the key; a column that the others have not is taken from these.
    groups
        Have the key, each value once.
    name
        What they are called in errors.

    Raises
    ------
    InvalidInput
        When the key is not there, or stands for several rows with different values.
    """
    import polars as pl

    if key not in rows.columns:
        what = f"the rows to judge have no column {key!r}, which is the key of {name}"
        raise InvalidInput(what, field="key", hint="keep the key in the holdout, beside the features")
    missing = [each for each in (key, *columns) if each not in groups.columns]
    missing = [each for each in missing if each == key or each not in rows.columns]
    if missing:
        close = near_misses(missing[0], groups.columns)
        hint = f"did you mean {close[0]!r}?" if close else ""
        field = "key" if missing[0] == key else "columns"
        raise InvalidInput(f"{name} has no column {missing[0]!r}", field=field, hint=hint)
    theirs = [column for column in columns if column in groups.columns and column != key]
    told = groups.select(pl.col(key).cast(pl.String).alias(_KEY), *theirs).drop_nulls(_KEY).unique()
    if told.get_column(_KEY).n_unique() < told.height:
        raise InvalidInput(f"{name} says different things of one {key!r}", field="key")
    mine = rows.with_columns(pl.col(key).cast(pl.String).alias(_KEY)).drop(theirs, strict=False)
    found = mine.join(told, on=_KEY, how="inner", maintain_order="left").drop(_KEY)
    return found, found.height / rows.height if rows.height else 0.0


def without_small_groups(found: FairnessResult) -> FairnessResult:
    """Return what may be told of groups that are not in the holdout: of those that are too small, nothing."""
    if not found.small:
        return found
    shown = [group for group in found.groups if group.judged]
    shown.append(GroupValue(group=SMALL_GROUPS, rows=None, judged=False))
    return msgspec.structs.replace(found, groups=shown, small=[SMALL_GROUPS])
