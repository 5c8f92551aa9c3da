"""What every drift test promises."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pytest

from meguru.stats.arrays import Floats
from meguru.stats.drift import BinnedValues, CategoryCounts, DriftTest, SampledValues, TwoSides
from meguru.stats.profile import NumericProfile

SHARES = (0.3, 0.2, 0.15, 0.1, 0.1, 0.05, 0.05, 0.05)
TIED = ("rounded", "counts", "zeros")
"""The distributions of which some values are equal."""

Draw = Callable[[np.random.Generator, int], Floats]
DISTRIBUTIONS: dict[str, Draw] = {
    "normal": lambda draw, n: draw.normal(size=n),
    "skewed": lambda draw, n: draw.lognormal(0, 1.5, n),
    "rounded": lambda draw, n: draw.normal(size=n).round(1),
    "counts": lambda draw, n: draw.poisson(8, n).astype(np.float64),
    "zeros": lambda draw, n: np.where(draw.random(n) < 0.3, 0.0, draw.normal(size=n)),
}


def values(before: Floats, after: Floats) -> SampledValues:
    """Put two sides of numbers in order."""
    return SampledValues(reference=np.sort(before), current=np.sort(after))


def over_bins(before: Floats, after: Floats) -> BinnedValues:
    """Count two sides over the bins of the first; what is NaN is missing."""
    profile = NumericProfile.of(before)
    return BinnedValues(profile=profile, then=profile.own(), now=profile.tally(after))


class DriftTestContract:
    """Subclass it and give `test`."""

    careful_with_ties = False
    """Whether the test rings more rarely than its level where values are equal."""

    @pytest.fixture
    def test(self) -> DriftTest:
        """Return the test."""
        raise NotImplementedError

    def pairs(
        self, test: DriftTest, n: int, m: int, seed: int
    ) -> Iterator[tuple[str, Callable[[], TwoSides]]]:
        """Yield what makes two sides of one distribution, with its name."""
        draw = np.random.default_rng(seed)
        if test.numeric:
            for name, make in DISTRIBUTIONS.items():
                for way, sides in (("", values), (" over bins", over_bins)):
                    yield name + way, partial(_drawn, sides, make, draw, n, m)
        if test.categorical:
            yield "categories", lambda: counts(draw.multinomial(n, SHARES), draw.multinomial(m, SHARES))

    def test_it_rings_falsely_as_often_as_its_level_says(self, test: DriftTest) -> None:
        looks = 30 if test.numeric else 300  # numbers are of ten distributions, categories of one
        rung = self.false_alarms(test, 800, 500, looks)
        exact = [share for name, share in rung.items() if not (self.careful_with_ties and is_tied(name))]
        assert 0.02 <= float(np.mean(exact)) <= 0.08
        assert max(rung.values()) <= 0.2

    def false_alarms(self, test: DriftTest, n: int, m: int, looks: int, seed: int = 11) -> dict[str, float]:
        """Return by distribution the share of `looks` at which the p-value was below 5 % for nothing."""
        return {
            name: sum(test.compare(make()).p_value < 0.05 for _ in range(looks)) / looks
            for name, make in self.pairs(test, n, m, seed)
        }

    def test_without_a_change_nothing_has_drifted(self, test: DriftTest) -> None:
        for n, m in ((50, 50), (2000, 300)):
            for name, make in self.pairs(test, n, m, seed=12):
                assert sum(test.compare(make(), level=1e-5).drifted for _ in range(20)) == 0, name

    def test_a_shift_is_found(self, test: DriftTest) -> None:
        draw = np.random.default_rng(3)
        sides = self._numbers(test, draw.normal(size=5000), draw.normal(0.5, 1, 5000))
        sides += self._numbers(
            test, DISTRIBUTIONS["counts"](draw, 5000), 2 + DISTRIBUTIONS["counts"](draw, 5000)
        )
        sides += [counts([400, 300, 200, 100], [250, 300, 200, 250])] if test.categorical else []
        for side in sides:
            result = test.compare(side)
            assert result.drifted
            assert result.p_value < 1e-6
            assert result.effect > test.floor

    def test_a_trifle_of_very_many_rows_is_sure_and_no_drift(self, test: DriftTest) -> None:
        draw = np.random.default_rng(4)
        sides = self._numbers(test, draw.normal(size=500_000), draw.normal(0.02, 1, 500_000))
        sides += [counts([500_000, 500_000], [503_000, 497_000])] if test.categorical else []
        for side in sides:
            result = test.compare(side)
            assert result.p_value < 1e-4
            assert not result.drifted

    def test_of_odd_sides_it_says_something_finite(self, test: DriftTest) -> None:
        odd = [[0.0], [3.0, 3.0, 3.0], [1e308, -1e308], [1e-300, 2e-300], [1.0] * 50 + [2.0], [-0.0, 0.0]]
        for first in odd:
            for second in odd:
                for number in self._numbers(test, np.array(first), np.array(second)):
                    self._is_sound(test, number)
        whole = [[1], [1, 0, 0], [0, 0, 5], [1000, 1, 1]]
        for before in whole:
            for after in (each for each in whole if len(each) == len(before)):
                if test.categorical:
                    self._is_sound(test, counts(before, after))

    def test_over_bins_it_holds_out_nan_and_infinities(self, test: DriftTest) -> None:
        wild = np.array([np.nan, np.inf, -np.inf, 0.5] * 20)
        if test.numeric:
            self._is_sound(test, over_bins(np.linspace(0, 1, 80), wild))
            self._is_sound(test, over_bins(wild, np.linspace(0, 1, 80)))

    def test_equal_sides_have_no_distance(self, test: DriftTest) -> None:
        draw = np.random.default_rng(5)
        sides = [
            number
            for make in DISTRIBUTIONS.values()
            for rows in [make(draw, 300)]
            for number in self._numbers(test, rows, rows)
        ]
        sides += [counts([3, 900, 50], [3, 900, 50])] if test.categorical else []
        for side in sides:
            result = test.compare(side)
            assert (result.statistic, result.effect) == pytest.approx((0, 0), abs=1e-9)
            assert not result.drifted

    def test_two_constants_that_differ_have_drifted(self, test: DriftTest) -> None:
        for number in self._numbers(test, np.full(500, 3.0), np.full(500, 4.0)):
            assert test.compare(number).drifted

    def test_the_same_sides_give_the_same_answer(self, test: DriftTest) -> None:
        for name, make in self.pairs(test, 60, 40, seed=6):
            sides = make()
            assert test.compare(sides) == test.compare(sides), name

    def _numbers(self, test: DriftTest, before: Floats, after: Floats) -> list[TwoSides]:
        return [values(before, after), over_bins(before, after)] if test.numeric else []

    def _is_sound(self, test: DriftTest, sides: TwoSides) -> None:
        result = test.compare(sides)
        assert math.isfinite(result.statistic)
        assert math.isfinite(result.effect)
        assert math.isfinite(result.threshold)
        assert result.effect >= 0
        assert 0 <= result.p_value <= 1
        assert result.n_reference >= 0


def is_tied(name: str) -> bool:
    """Tell whether some values of a distribution are equal, or in one bin."""
    return name.split(maxsplit=1)[0] in TIED or name.endswith("bins")


def _drawn(
    sides: Callable[[Floats, Floats], TwoSides], make: Draw, draw: np.random.Generator, n: int, m: int
) -> TwoSides:
    return sides(make(draw, n), make(draw, m))


def counts(before: object, after: object) -> CategoryCounts:
    """Take counts of the same categories."""
    first, second = (np.asarray(each, dtype=np.float64) for each in (before, after))
    return CategoryCounts(reference=first, current=second)
