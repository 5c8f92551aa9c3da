"""A sketch of a categorical column: its frequent values, and how many distinct ones there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from meguru.stats.profile.categorical import TOP, CategoricalProfile
from meguru.stats.profile.counts import ColumnCounts

if TYPE_CHECKING:
    import polars as pl

LOG_ITEMS, LOG_REGISTERS = 10, 12
"""Up to 768 words are held: a share is right to 0.35 %; how many there are to 2 %."""
MAX_LENGTH = 200


@dataclass(frozen=True, slots=True)
class CategoricalSketch:
    """The frequent values and the number of distinct ones; the count of nulls is exact.

    References
    ----------
    Anderson, D. et al. (2017). A high-performance algorithm for identifying frequent items in data streams.
    IMC.
    Flajolet, P. et al. (2007). HyperLogLog: the analysis of a near-optimal cardinality estimation algorithm.
    """

    nulls: int
    frequent: Any
    distinct: Any

    @classmethod
    def of(cls, column: pl.Series) -> CategoricalSketch:
        """Sketch a column of categories; booleans are the words `false` and `true`."""
        import polars as pl

        made = cls._empty(column.null_count())
        text = column.drop_nulls().cast(pl.String).str.slice(0, MAX_LENGTH).alias("value")
        # Sorted: the sketch drops items by the order in which they come, and equal columns must give equal
        # sketches.
        for word, count in text.value_counts(name="count").sort("value").iter_rows():
            made.frequent.update(word, count)
            made.distinct.update(word)
        return made

    @classmethod
    def plus(cls, parts: Sequence[CategoricalSketch]) -> CategoricalSketch:
        """Return the sketch of all words together."""
        from datasketches import hll_union, tgt_hll_type

        made, union = cls._empty(sum(part.nulls for part in parts)), hll_union(LOG_REGISTERS)
        for sketch in parts:
            made.frequent.merge(sketch.frequent)
            union.update(sketch.distinct)
        return cls(made.nulls, made.frequent, union.get_result(tgt_hll_type.HLL_4))

    @classmethod
    def _empty(cls, nulls: int) -> CategoricalSketch:
        from datasketches import frequent_strings_sketch, hll_sketch

        return cls(nulls, frequent_strings_sketch(LOG_ITEMS), hll_sketch(LOG_REGISTERS))

    def profile(self) -> CategoricalProfile:
        """Return what the column looked like."""
        from datasketches import frequent_items_error_type

        found = self.frequent.get_frequent_items(frequent_items_error_type.NO_FALSE_NEGATIVES)
        often = sorted(found, key=lambda each: (-each[1], each[0]))
        total, top = int(self.frequent.total_weight), []
        left = total
        for word, count, *_ in often[:TOP]:
            top.append((word, min(int(count), left)))  # estimates may be too high, never too low
            left -= top[-1][1]
        words = max(len(often), round(self.distinct.get_estimate()))
        return CategoricalProfile(
            count=total,
            nulls=self.nulls,
            distinct=words,
            top=tuple(top),
            other=left if words > len(top) else 0,
        )

    def over(self, profile: CategoricalProfile) -> ColumnCounts:
        """Return about how many rows had each word of a profile."""
        found = [int(self.frequent.get_estimate(word)) for word, _ in profile.top]
        total = int(self.frequent.total_weight)
        bins = np.array([*found, max(0, total - sum(found))], dtype=np.int64)
        beyond = 0 if profile.other else int(bins[-1])
        return ColumnCounts(nulls=self.nulls, bins=bins, deciles=bins, beyond=beyond)

    def pack(self) -> list[Any]:
        """Return plain values."""
        return [self.nulls, bytes(self.frequent.serialize()), bytes(self.distinct.serialize_compact())]

    @classmethod
    def unpack(cls, values: Sequence[Any]) -> CategoricalSketch:
        """Read what `pack` gave."""
        from datasketches import frequent_strings_sketch, hll_sketch

        nulls, frequent, distinct = values
        return cls(nulls, frequent_strings_sketch.deserialize(frequent), hll_sketch.deserialize(distinct))
