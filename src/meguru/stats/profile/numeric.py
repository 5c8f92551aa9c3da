"""The profile of a numeric column: shares over fixed bins and over its own deciles."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from meguru.errors import InvalidInput
from meguru.stats.arrays import Floats
from meguru.stats.profile.counts import ColumnCounts
from meguru.stats.profile.tally import BinGrid

BINS = 1024
RANGE = (0.0005, 0.9995)  # the bins span these quantiles, so that one wild value can't flatten the rest
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
DECILES = tuple(step / 10 for step in range(1, 10))


@dataclass(frozen=True, slots=True, kw_only=True)
class NumericProfile:
    """What a numeric column looked like.

    Parameters
    ----------
    count, nulls
        Rows with and without a value; NaN counts as no value, infinity as a value.
    mean, sd, minimum, maximum
        Of the finite values, in the column's unit; `sd` divides by n. None when there is no finite value.
    quantiles
        At the levels `QUANTILES`; empty when there is no finite value.
    low, high
        The range of the inner bins, which have equal width and are `[low, ...) ... [..., high]`.
    counts
        Shape (1 + bins + 1,): the values below `low`, in each of up to 1,024 bins, above `high`.
    edges
        Up to nine cut points, the deciles of this column: bin i holds `edges[i-1] < value <= edges[i]`. A
        value that fills several deciles gets a bin of its own.
    shares
        Shape (len(edges) + 1,): the values in each decile.
    """

    count: int
    nulls: int
    mean: float | None
    sd: float | None
    minimum: float | None
    maximum: float | None
    quantiles: tuple[float, ...]
    low: float
    high: float
    counts: tuple[int, ...]
    edges: tuple[float, ...]
    shares: tuple[int, ...]

    @classmethod
    def of(cls, values: Floats, nulls: int = 0) -> NumericProfile:
        """Profile values, shape (n,), any order; NaN is counted as null."""
        missing = np.isnan(values)
        known = values[~missing]
        finite = np.sort(known[np.isfinite(known)])
        low, high, bins = _range(finite)
        edges = _decile_edges(finite)
        grid = BinGrid(low=low, high=high, bins=bins, edges=edges, minimum=None, maximum=None)
        counted = grid.count(known)
        with np.errstate(over="ignore", invalid="ignore"):
            mean, sd = (float(finite.mean()), float(finite.std())) if finite.size else (math.nan, math.nan)
        return cls(
            count=known.size,
            nulls=nulls + int(missing.sum()),
            mean=_finite(mean),
            sd=_finite(sd),
            minimum=float(finite[0]) if finite.size else None,
            maximum=float(finite[-1]) if finite.size else None,
            quantiles=tuple(_quantiles(finite, QUANTILES).tolist()),
            low=low,
            high=high,
            counts=tuple(counted.bins.tolist()),
            edges=tuple(edges.tolist()),
            shares=tuple(counted.deciles.tolist()),
        )

    def tally(self, values: Floats, nulls: int = 0) -> ColumnCounts:
        """Count other values over this profile's bins and deciles; NaN is counted as null."""
        return self._grid.count(values, nulls)

    @property
    def _grid(self) -> BinGrid:
        return BinGrid(
            low=self.low,
            high=self.high,
            bins=len(self.counts) - 2,
            edges=np.array(self.edges),
            minimum=self.minimum,
            maximum=self.maximum,
        )

    def own(self) -> ColumnCounts:
        """Return this profile's own counts, in the shape that `tally` gives."""
        return ColumnCounts(nulls=self.nulls, bins=np.array(self.counts), deciles=np.array(self.shares))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"kind": "numeric"} | {name: _plain(getattr(self, name)) for name in self.__slots__}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> NumericProfile:
        """Read what `to_dict` wrote."""
        try:
            given = {name: data[name] for name in cls.__slots__}
            for name in ("quantiles", "counts", "edges", "shares"):
                given[name] = tuple(given[name])
        except (KeyError, TypeError) as error:
            raise InvalidInput(
                "this is no profile of a numeric column", why=f"{error!r}", field="columns"
            ) from error
        if not _is_sound(given):
            raise InvalidInput("this is no profile of a numeric column", field="columns")
        return cls(**given)


def _is_sound(given: Mapping[str, Any]) -> bool:
    """Say whether bins and deciles fit: a model's baseline comes out of a file that may be anybody's."""
    try:
        counts, shares = (np.array(given[name], dtype=np.int64) for name in ("counts", "shares"))
        edges = np.array(given["edges"], dtype=np.float64)
        ends = np.array((given["low"], given["high"]), dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        return False
    fits = counts.ndim == shares.ndim == edges.ndim == 1 and counts.size >= 3
    # More than one bin needs a range: values are scaled by its width.
    is_range = np.isfinite(ends).all() and ends[0] <= ends[1] and (counts.size == 3 or ends[0] < ends[1])
    return bool(fits and shares.size == edges.size + 1 and is_range and (np.diff(edges) > 0).all())


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _quantiles(ordered: Floats, levels: tuple[float, ...]) -> Floats:
    if not ordered.size:
        return np.empty(0)
    # 0.1 * 30 is a last bit above 3 and would be rounded up to 4. The inverse of the empirical distribution:
    # a quantile is a value that occurred, not one between two.
    places = np.ceil(np.array(levels) * ordered.size - 1e-9).astype(np.int64) - 1
    return ordered[np.clip(places, 0, ordered.size - 1)]


def _range(ordered: Floats) -> tuple[float, float, int]:
    if not ordered.size:
        return 0.0, 0.0, 1
    low, high = (float(quantile) for quantile in _quantiles(ordered, RANGE))
    with np.errstate(over="ignore"):
        span = float(np.float64(high) - np.float64(low))
    # Values that differ by rounding only, or so little that bins / span overflows, are one bin.
    narrow = span <= abs(low) * 1e-12 or span < 1e-290 or not math.isfinite(span)
    return low, high, 1 if narrow else BINS


def _decile_edges(ordered: Floats) -> Floats:
    cuts, repeats = np.unique(_quantiles(ordered, DECILES), return_counts=True)
    with np.errstate(over="ignore"):
        # An edge just below a value that fills several deciles gives it a bin of its own.
        alone = np.maximum(np.nextafter(cuts[repeats > 1], -np.inf), -np.finfo(np.float64).max)
    return np.unique(np.concatenate((cuts, alone)))
