"""What every metric promises."""

from __future__ import annotations

import math
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from meguru.errors import InvalidInput
from meguru.metrics import Method, Metric, ScoredRows
from meguru.stats import Interval
from meguru.testing.scored_rows import ROWS, reorder

METHODS: tuple[Method, ...] = ("auto", "bootstrap")


class MetricContract:
    """Subclass it and give `metric`; override `rows` for one that needs others than `ROWS` of its tasks.

    `samples` is how often the interval's coverage is tried: each time on `sample` rows.
    """

    samples = 60
    sample = 800

    @pytest.fixture
    def metric(self) -> Metric:
        """Return the metric under test."""
        raise NotImplementedError

    def rows(self, metric: Metric, n: int = 1000, seed: int = 0, skill: float = 1.0) -> list[ScoredRows]:
        """Return rows of each task that the metric measures."""
        made = [ROWS[task](n, seed, skill) for task in sorted(metric.tasks) if task in ROWS]
        found = [rows for rows in made if not metric.missing(rows)]
        assert found, "override rows(): none of ROWS fits the metric"
        return found

    def test_it_says_what_it_is_and_is_found_by_its_name(self, metric: Metric) -> None:
        assert metric.title
        assert metric.unit
        assert metric.low < metric.high
        assert metric.tasks
        metric.check()
        assert msgspec.convert(msgspec.to_builtins(metric), type(metric)) == metric

    def test_values_lie_in_its_range_and_in_their_interval(self, metric: Metric) -> None:
        for rows in self.rows(metric):
            interval = metric.interval(rows)
            assert interval.estimate == pytest.approx(metric.value(rows), rel=1e-12, abs=1e-12)
            assert metric.low <= interval.low <= interval.estimate <= interval.high <= metric.high
            assert interval.low < interval.high
            assert interval.n == len(rows)

    def test_a_better_model_is_better(self, metric: Metric) -> None:
        for bad, good in zip(self.rows(metric, skill=0.2), self.rows(metric, skill=3.0), strict=True):
            gain = metric.difference(good, bad)
            assert (gain.low > 0) if metric.direction == "higher" else (gain.high < 0)
            assert gain.estimate == pytest.approx(metric.value(good) - metric.value(bad), abs=1e-9)
            back = metric.difference(bad, good)
            assert back.estimate == pytest.approx(-gain.estimate, abs=1e-9)

    def test_equal_answers_do_not_differ(self, metric: Metric) -> None:
        for rows in self.rows(metric):
            interval = metric.difference(rows, rows)
            assert (interval.low, interval.estimate, interval.high) == (0, 0, 0)

    def test_the_order_of_rows_does_not_matter(self, metric: Metric) -> None:
        for rows in self.rows(metric):
            mixed = reorder(rows, np.random.default_rng(1).permutation(len(rows)))
            assert metric.value(mixed) == pytest.approx(metric.value(rows), rel=1e-11, abs=1e-12)

    def test_a_weight_counts_as_that_many_equal_rows(self, metric: Metric) -> None:
        draw = np.random.default_rng(2)
        for rows in self.rows(metric, 300):
            codes = np.arange(len(rows)) if rows.group is None else rows.group
            weight = draw.integers(0, 4, int(codes.max()) + 1)[codes]
            found = metric.value(replace(rows, weight=weight.astype(np.float64)))
            if rows.group is None:
                repeated = reorder(rows, np.repeat(np.arange(len(rows)), weight))
                assert found == pytest.approx(metric.value(repeated), rel=1e-11, abs=1e-12)
            without = reorder(rows, np.flatnonzero(weight))
            ones = replace(without, weight=weight[weight > 0].astype(np.float64))
            assert found == pytest.approx(metric.value(ones), rel=1e-11, abs=1e-12)

    def test_equal_weights_change_no_value(self, metric: Metric) -> None:
        for rows in self.rows(metric):
            doubled = replace(rows, weight=np.full(len(rows), 2.0))
            assert metric.value(doubled) == pytest.approx(metric.value(rows), rel=1e-11, abs=1e-12)

    def test_the_same_rows_and_seed_give_the_same_numbers(self, metric: Metric) -> None:
        for rows in self.rows(metric, 200):
            for method in METHODS:
                first, second = (metric.interval(rows, seed=3, method=method) for _ in range(2))
                assert first == second

    def test_rows_that_repeat_within_blocks_tell_no_more_than_once(self, metric: Metric) -> None:
        for rows in self.rows(metric):
            block = np.arange(len(rows)) if rows.group is None else rows.group
            alone = metric.interval(replace(rows, block=block))
            twice = np.concatenate([np.arange(len(rows))] * 4)
            shift = np.repeat(np.arange(4), len(rows)) * (int(block.max()) + 1)
            again = reorder(replace(rows, block=block), twice)
            if again.group is not None:
                again = replace(again, group=again.group + shift)
            assert width(metric.interval(again)) == pytest.approx(width(alone), rel=0.15)

    def test_no_row_and_no_weight_tell_nothing(self, metric: Metric) -> None:
        for rows in self.rows(metric, 50):
            for nothing in (
                rows.take(np.zeros(len(rows), dtype=bool)),
                replace(rows, weight=np.zeros(len(rows))),
            ):
                assert math.isnan(metric.value(nothing))
                for found in (metric.interval(nothing), metric.difference(nothing, nothing)):
                    assert math.isnan(found.estimate)
                    assert math.isnan(found.low)

    def test_few_rows_give_a_wide_interval_or_none(self, metric: Metric) -> None:
        for n in (1, 2, 3):
            for rows in self.rows(metric, n):
                interval = metric.interval(rows)
                assert math.isnan(interval.low) or interval.low <= interval.estimate <= interval.high

    def test_rows_without_its_outputs_are_refused_with_the_reason(self, metric: Metric) -> None:
        for rows in self.rows(metric, 20):
            bare = replace(rows, answer={"nothing": rows.truth})
            assert metric.missing(bare)
            with pytest.raises(InvalidInput):
                metric.value(bare)

    def test_different_rows_are_not_compared(self, metric: Metric) -> None:
        for one, two in zip(self.rows(metric, 40, seed=1), self.rows(metric, 40, seed=2), strict=True):
            with pytest.raises(InvalidInput, match="same rows"):
                metric.difference(one, two)

    def test_the_interval_covers_what_a_large_sample_says(self, metric: Metric) -> None:
        for one, two in zip(
            self.rows(metric, self.samples * self.sample, skill=1.0),
            self.rows(metric, self.samples * self.sample, skill=1.4),
            strict=True,
        ):
            value, gap = metric.value(one), metric.value(one) - metric.value(two)
            part = np.arange(len(one)) // self.sample
            held, paired = 0, 0
            for index in range(self.samples):
                rows, other = one.take(part == index), two.take(part == index)
                held += covers(metric.interval(rows), value)
                paired += covers(metric.difference(rows, other), gap)
            assert min(held, paired) >= 0.85 * self.samples


def covers(found: Interval, value: float) -> bool:
    """Say whether an interval holds a value."""
    return found.low <= value <= found.high


def width(found: Interval) -> float:
    """Return how wide an interval is."""
    return found.high - found.low
