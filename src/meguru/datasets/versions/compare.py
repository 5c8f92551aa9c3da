"""Compare the rows of two versions by a key, column after column: never are two whole tables in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from meguru.datasets.differences import ChangedRow, RowChanges
from meguru.datasets.frames import plain_value

if TYPE_CHECKING:
    import polars as pl

    from meguru.datasets.versions.feed import RowFeed

SAMPLE = 20
_OLD, _NEW = "\0old", "\0new"


class Matched(NamedTuple):
    """Which rows have the same key: positions of both sides, None if each row is where it was.

    `gone` and `come` are the positions of rows whose key is only on one side.
    """

    old: pl.Series | None
    new: pl.Series | None
    gone: pl.Series
    come: pl.Series


def by_key(
    feed: RowFeed, keys: tuple[pl.DataFrame, pl.DataFrame], rest: Sequence[str], *, found: bool
) -> RowChanges:
    """Count the rows that were added, removed and changed; `keys` are unique on each side."""
    import polars as pl

    matched = match(*keys)
    pairs = keys[0].height if matched.old is None else matched.old.len()
    changed = pl.repeat(value=False, n=pairs, dtype=pl.Boolean, eager=True)
    counts: dict[str, int] = {}
    moved: dict[str, dict[int, tuple[Any, Any]]] = {}
    gone, come = (part.head(SAMPLE) for part in (matched.gone, matched.come))
    sides: dict[str, tuple[list[Any], list[Any]]] = {}
    # One column of both sides in memory at a time: this bounds it, whatever the width of the table.
    for name in rest:
        old, new = (_column(each, name) for each in feed)
        sides[name] = (old.gather(gone).to_list(), new.gather(come).to_list())
        first, second = _at(old, matched.old), _at(new, matched.new)
        differs = first.ne_missing(second)
        if count := int(differs.sum()):
            counts[name], changed = count, changed | differs
            some = differs.arg_true().head(SAMPLE)
            values = zip(first.gather(some).to_list(), second.gather(some).to_list(), strict=True)
            moved[name] = dict(zip(some.to_list(), values, strict=True))
    sample = [_changed(keys[0], matched, moved, each) for each in changed.arg_true().head(SAMPLE).to_list()]
    sample += [_one_side(keys[1], at, sides, n, "after") for n, at in enumerate(come.to_list())]
    sample += [_one_side(keys[0], at, sides, n, "before") for n, at in enumerate(gone.to_list())]
    return RowChanges(
        added=matched.come.len(),
        removed=matched.gone.len(),
        changed=int(changed.sum()),
        key=keys[0].columns,
        found=found,
        columns=counts,
        sample=sample,
    )


def changed_pairs(feed: RowFeed, matched: Matched, rest: Sequence[str], pairs: int) -> pl.Series:
    """Tell of each pair of rows with one key whether a value differs; `pairs` if each row is where it was."""
    import polars as pl

    count = pairs if matched.old is None else matched.old.len()
    changed = pl.repeat(value=False, n=count, dtype=pl.Boolean, eager=True)
    for name in rest:
        old, new = (_column(each, name) for each in feed)
        changed |= _at(old, matched.old).ne_missing(_at(new, matched.new))
    return changed


def match(old: pl.DataFrame, new: pl.DataFrame) -> Matched:
    """Find which rows have the same key, which is unique on each side."""
    import polars as pl

    nothing = pl.Series(dtype=pl.UInt32)
    if old.equals(new, null_equal=True):  # as a rule, where a file was written again with other values
        return Matched(None, None, nothing, nothing)
    first, second = old.with_row_index(_OLD), new.with_row_index(_NEW)
    both = first.join(second, on=old.columns, how="inner", nulls_equal=True, maintain_order="left")
    return Matched(both[_OLD], both[_NEW], _others(both[_OLD], old.height), _others(both[_NEW], new.height))


def _others(taken: pl.Series, height: int) -> pl.Series:
    import numpy as np
    import polars as pl

    left = np.ones(height, dtype=bool)
    left[taken.to_numpy()] = False
    return pl.Series(np.flatnonzero(left), dtype=pl.UInt32)


def _column(plan: pl.LazyFrame, name: str) -> pl.Series:
    return plan.select(name).collect(engine="streaming").to_series()


def _at(values: pl.Series, places: pl.Series | None) -> pl.Series:
    return values if places is None else values.gather(places)


def _changed(
    keys: pl.DataFrame, matched: Matched, moved: dict[str, dict[int, tuple[Any, Any]]], pair: int
) -> ChangedRow:
    at = pair if matched.old is None else int(matched.old[pair])
    # A row among the first that changed is among the first of each column that differs in it.
    values = {name: found[pair] for name, found in moved.items() if pair in found}
    return ChangedRow(
        key=_key(keys, at),
        before={name: plain_value(old) for name, (old, _) in values.items()},
        after={name: plain_value(new) for name, (_, new) in values.items()},
    )


def _one_side(
    keys: pl.DataFrame, at: int, sides: dict[str, tuple[list[Any], list[Any]]], number: int, side: str
) -> ChangedRow:
    which = 1 if side == "after" else 0
    values = {name: plain_value(both[which][number]) for name, both in sides.items()}
    return ChangedRow(key=_key(keys, at), **{side: values})


def _key(keys: pl.DataFrame, at: int) -> dict[str, Any]:
    return {name: plain_value(value) for name, value in keys.row(at, named=True).items()}
