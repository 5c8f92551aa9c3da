"""The profile of a column of dates or times: when its values lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from meguru.errors import InvalidInput
from meguru.stats.profile.numeric import QUANTILES

if TYPE_CHECKING:
    import polars as pl

BINS = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeProfile:
    """What a column of dates or times looked like; moments are written in ISO 8601.

    Parameters
    ----------
    count, nulls
        Rows with and without a value.
    minimum, maximum
        The first and the last moment; None when there is no value.
    quantiles
        At the levels of numeric profiles; empty when there is no value.
    counts
        Shape (bins,): values in spans of equal length from the first to the last.
    """

    count: int
    nulls: int
    minimum: str | None
    maximum: str | None
    quantiles: tuple[str, ...]
    counts: tuple[int, ...]

    @classmethod
    def of(cls, column: pl.Series) -> TimeProfile:
        """Profile a column of dates, times of day, or moments."""
        known = column.drop_nulls()
        ordered = np.sort(known.to_physical().cast(int).to_numpy())
        if not ordered.size:
            return cls(count=0, nulls=len(column), minimum=None, maximum=None, quantiles=(), counts=())
        places = np.ceil(np.array(QUANTILES) * ordered.size - 1e-9).astype(np.int64) - 1
        chosen = ordered[[0, -1, *np.clip(places, 0, ordered.size - 1)]]
        first, last, *quantiles = _written(chosen, column.dtype)
        span = int(ordered[-1]) - int(ordered[0])
        bins = 1 if span == 0 else BINS
        # Whole numbers first: the difference of two moments in nanoseconds is exact, each one as a float is
        # not.
        edges = int(ordered[0]) + np.arange(1, bins) * (span / bins)
        ends = np.append(np.searchsorted(ordered, edges, side="left"), ordered.size)
        return cls(
            count=ordered.size,
            nulls=column.len() - ordered.size,
            minimum=first,
            maximum=last,
            quantiles=tuple(quantiles),
            counts=tuple(np.diff(ends, prepend=0).tolist()),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return {"kind": "time"} | plain | {"quantiles": list(self.quantiles), "counts": list(self.counts)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TimeProfile:
        """Read what `to_dict` wrote."""
        try:
            given = {name: data[name] for name in cls.__slots__}
            given |= {name: tuple(given[name]) for name in ("quantiles", "counts")}
        except (KeyError, TypeError) as error:
            raise InvalidInput("this is no profile of times", why=f"{error!r}", field="times") from error
        return cls(**given)


def missing_and_invalid_times(column: pl.Series) -> tuple[int, int]:
    """Return how many values of a column of times are null, and how many are no times; text may be one."""
    import polars as pl

    missing = column.null_count()
    if isinstance(column.dtype, pl.Date | pl.Datetime | pl.Time):
        return missing, 0
    if column.dtype != pl.String or missing == column.len():
        return missing, column.len() - missing
    try:
        read = column.str.to_datetime(time_unit="us", strict=False)
    except pl.exceptions.ComputeError:
        return missing, column.len() - missing
    return missing, read.null_count() - missing


def _written(values: Any, dtype: pl.DataType) -> list[str]:
    import polars as pl

    return [each.isoformat() for each in pl.Series(values).cast(dtype)]
