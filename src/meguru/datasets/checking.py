"""Declared checks, compiled into one Polars select."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import islice

import polars as pl

from meguru.datasets.types import Checks, DatasetColumn
from meguru.errors import InvalidInput, near_misses


def check(frame: pl.DataFrame, checks: Checks) -> None:
    """Raise InvalidInput, naming every check that fails, unless all hold.

    Examples
    --------
    >>> check(pl.DataFrame({"id": [1, 1]}), Checks(unique=["id"]))
    Traceback (most recent call last):
    meguru.errors.InvalidInput: the data fails 1 check
    """
    known = frame.schema
    for name in (*checks.null_pct, *checks.unique):
        known_column(name, known, field="checks")
    failed = []
    if frame.height < checks.row_count_min:
        failed.append(f"row_count is {frame.height}, at least {checks.row_count_min} wanted")
    if checks.null_pct:
        shares = frame.select(pl.col(name).null_count() * 100 / pl.len() for name in checks.null_pct).row(0)
        for (name, limit), share in zip(checks.null_pct.items(), shares, strict=True):
            if share > limit:
                failed.append(f"{name} has {share:.2f} % missing values, at most {limit:g} % allowed")
    if checks.unique and (copies := frame.height - frame.select(pl.struct(checks.unique).n_unique()).item()):
        failed.append(f"{copies} rows repeat the values of ({', '.join(checks.unique)})")
    if failed:
        what = f"the data fails {len(failed)} check{'s' if len(failed) > 1 else ''}"
        raise InvalidInput(what, why="; ".join(failed), field="checks", hint="mend the data, or the checks")


def known_column(name: str, columns: Collection[str], *, field: str) -> None:
    """Raise InvalidInput, with near misses, unless there is such a column."""
    if name not in columns:
        close = near_misses(name, columns)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(islice(columns, 12))}"
        raise InvalidInput(f"there is no column {name!r}", field=field, hint=hint)


def check_event_time(columns: Sequence[DatasetColumn], event_time: str) -> None:
    """Refuse an event time that is no time."""
    kind = next((column.type for column in columns if column.name == event_time), "")
    if kind and not kind.startswith(("Date", "Null")):
        raise InvalidInput(
            f"the event time {event_time!r} is no time",
            why=f"its column holds {kind}",
            hint=f"say how it is written: --type {event_time}='datetime:%d/%m/%Y %H:%M'",
            field="event_time",
        )
