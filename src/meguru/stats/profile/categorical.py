"""The profile of a column of categories: how often each occurs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from meguru.errors import InvalidInput
from meguru.stats.profile.counts import ColumnCounts

TOP = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoricalProfile:
    """What a column of categories looked like; booleans are the categories `false` and `true`.

    Parameters
    ----------
    count, nulls
        Rows with and without a value.
    distinct
        How many categories there were, those in `other` included.
    top
        The most frequent categories with their counts, most frequent first, equal counts by name.
    other
        Rows in all remaining categories.
    """

    count: int
    nulls: int
    distinct: int
    top: tuple[tuple[str, int], ...]
    other: int

    @classmethod
    def of(cls, counted: Iterable[tuple[str, int]], nulls: int = 0, top: int = TOP) -> CategoricalProfile:
        """Profile categories that are counted already; each category once, in any order."""
        # By name where counts are equal: equal tables have one profile, whatever order their rows came in.
        ordered = sorted(counted, key=lambda pair: (-pair[1], pair[0]))
        total = sum(count for _, count in ordered)
        kept = tuple(ordered[:top])
        return cls(
            count=total,
            nulls=nulls,
            distinct=len(ordered),
            top=kept,
            other=total - sum(count for _, count in kept),
        )

    def tally(self, counted: Iterable[tuple[str, int]], nulls: int = 0) -> ColumnCounts:
        """Count other rows over this profile's categories; a category it does not name goes to `other`."""
        place = {name: index for index, (name, _) in enumerate(self.top)}
        bins = np.zeros(len(self.top) + 1, dtype=np.int64)
        for name, count in counted:
            bins[place.get(name, len(self.top))] += count
        knew_all = not self.other
        return ColumnCounts(nulls=nulls, bins=bins, deciles=bins, beyond=int(bins[-1]) if knew_all else 0)

    def own(self) -> ColumnCounts:
        """Return this profile's own counts, in the shape that `tally` gives."""
        bins = np.array([*(count for _, count in self.top), self.other], dtype=np.int64)
        return ColumnCounts(nulls=self.nulls, bins=bins, deciles=bins)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "kind": "categorical",
            "count": self.count,
            "nulls": self.nulls,
            "distinct": self.distinct,
            "top": [[name, count] for name, count in self.top],
            "other": self.other,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CategoricalProfile:
        """Read what `to_dict` wrote."""
        try:
            given = {name: data[name] for name in cls.__slots__}
            given["top"] = tuple((str(name), int(count)) for name, count in given["top"])
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput(
                "this is no profile of categories", why=f"{error!r}", field="columns"
            ) from error
        return cls(**given)
