"""Estimate a metric with its standard error: of one model's answers, or the paired difference of two.

The rows are cut into blocks of equally many, in the order of event time. What adds up over the blocks (a sum)
is sure by how much the blocks differ; anything else by what it is without each of them. No question needs to
be put in a certain way for that, and rows that depend on each other, as those of one storm do, are mostly in
one block.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import msgspec
import numpy as np

from meguru.business.answer import WHOLE, Amount, Amounts
from meguru.errors import InvalidInput
from meguru.stats.block_jackknife import jackknife_error, total_error

if TYPE_CHECKING:
    import polars as pl

    from meguru.stats.arrays import Floats

BLOCKS = 20
Ask: TypeAlias = "Callable[[pl.DataFrame], Amounts]"
_NOTHING = Amount(math.nan, math.nan)


class MetricEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """A number, its standard error (None: too few rows), by so many blocks, and how it was told."""

    value: float
    error: float | None = None
    blocks: int = 0
    method: str = ""


class MetricEstimates(msgspec.Struct, frozen=True, kw_only=True):
    """The number of each model's answers (None: there is none), the first one's parts, and the difference.

    `difference` is the first minus the second, on the same rows.
    """

    numbers: list[MetricEstimate | None]
    difference: MetricEstimate | None = None
    slices: dict[str, MetricEstimate] = {}


def estimate(ask: Ask, frames: Sequence[pl.DataFrame], by: float | None) -> MetricEstimates:
    """Ask about all rows, and about parts of them.

    Parameters
    ----------
    ask
        Answers about some rows.
    frames
        The rows with one model's answers, or with those of two: the same rows in one order, by event time.
    by
        Scalar, predictions: the number is for so many; None: for the whole window.

    Raises
    ------
    InvalidInput
        If the number is for some predictions, and does not add up over parts of them.
    """
    wholes = [ask(frame) for frame in frames]
    # Few large blocks keep dependent rows together; 20 leave enough degrees of freedom for an interval.
    blocks = min(BLOCKS, frames[0].height)
    edges = np.linspace(0, frames[0].height, blocks + 1).round().astype(int) if blocks else np.zeros(1, int)
    spans = list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
    parts = [[ask(frame[start:end]) for start, end in spans] for frame in frames]
    # A sum over the whole is that of its parts; a median or a ratio is not. So it is found out, and nobody
    # has to say which it is.
    if all(_adds_up(whole[WHOLE], of) for whole, of in zip(wholes, parts, strict=True)):
        return _of_sums(wholes, parts, by)
    if by is not None:
        why = "what it answers of parts of the rows does not add up to what it answers of all"
        hint = 'per = "window", or answer sums: sum(…) AS value, count(…) AS n'
        raise InvalidInput("such a value is not for a number of predictions", why=why, hint=hint)
    import polars as pl

    left = [
        np.array([ask(pl.concat([frame[:start], frame[end:]]))[WHOLE].value for start, end in spans])
        for frame in frames
    ]
    return _of_left_out([whole[WHOLE].value for whole in wholes], left)


def _adds_up(whole: Amount, parts: Sequence[Amounts]) -> bool:
    values = np.array([part[WHOLE].value for part in parts])
    known = values[np.isfinite(values)]
    if math.isnan(whole.value):
        return not known.size
    # Relative to the sum of sizes, not to the sum: terms that cancel leave rounding of the size of the terms.
    return bool(abs(known.sum() - whole.value) <= 1e-9 * max(1.0, float(np.abs(known).sum())))


def _of_sums(
    wholes: Sequence[Amounts], parts: Sequence[Sequence[Amounts]], by: float | None
) -> MetricEstimates:
    sums = [
        _Sums(whole[WHOLE], [each[WHOLE] for each in of], by) for whole, of in zip(wholes, parts, strict=True)
    ]
    slices = {
        name: metric_estimate
        for name in wholes[0]
        if name is not WHOLE
        and (
            metric_estimate := _Sums(
                wholes[0][name], [each.get(name, Amount(0, 0)) for each in parts[0]], by
            ).number()
        )
    }
    return MetricEstimates(
        numbers=[each.number() for each in sums],
        difference=sums[0].minus(sums[1]) if len(sums) > 1 else None,
        slices=slices,
    )


class _Sums:
    """Sums over blocks, as a total or for a number of predictions."""

    def __init__(self, whole: Amount, parts: Sequence[Amount], by: float | None) -> None:
        self.by, self.whole = by, whole
        self.values = np.nan_to_num(np.array([part.value for part in parts], dtype=float))
        over = np.nan_to_num(np.array([part.over for part in parts], dtype=float))
        self.value = _number(whole, by)
        self.seen: Floats = self.values
        if by is not None and self.values.size:
            with np.errstate(divide="ignore", invalid="ignore"):
                # Delete-one-block values of the ratio.
                self.seen = by * (whole.value - self.values) / (whole.over - over)

    def number(self) -> MetricEstimate | None:
        return _reckoned(self.value, self._error(self.seen), self.seen.size, self._method)

    def minus(self, other: _Sums) -> MetricEstimate | None:
        error = self._error(self.seen - other.seen)
        return _reckoned(self.value - other.value, error, self.seen.size, f"{self._method}, paired")

    @property
    def _method(self) -> str:
        return "batch means" if self.by is None else "block jackknife"

    def _error(self, seen: Floats) -> float:
        return total_error(seen) if self.by is None else jackknife_error(seen)


def _number(amount: Amount, by: float | None) -> float:
    if by is None:
        return amount.value
    return by * amount.value / amount.over if amount.over else math.nan


def _of_left_out(wholes: Sequence[float], left: Sequence[Floats]) -> MetricEstimates:
    name = "block jackknife"
    numbers = [
        _reckoned(whole, jackknife_error(each), each.size, name)
        for whole, each in zip(wholes, left, strict=True)
    ]
    difference = None
    if len(wholes) > 1:
        error = jackknife_error(left[0] - left[1])
        difference = _reckoned(wholes[0] - wholes[1], error, left[0].size, f"{name}, paired")
    return MetricEstimates(numbers=numbers, difference=difference)


def _reckoned(value: float, error: float, blocks: int, method: str) -> MetricEstimate | None:
    if not math.isfinite(value):
        return None
    if blocks < 2 or not math.isfinite(error):
        return MetricEstimate(value=value)
    return MetricEstimate(value=value, error=error, blocks=blocks, method=method)
