import numpy as np
import pytest
from scipy.stats import betabinom, binomtest

from meguru.stats.poisson_rates import fall_p_value, max_count_by_chance, rise_p_value


@pytest.mark.parametrize(
    ("k", "m", "k0", "n"), [(5, 1000, 1, 1000), (1, 10, 0, 10**6), (30, 500, 20, 900), (700, 10**6, 2, 5000)]
)
def test_it_is_the_binomial_test_of_two_rates(k, m, k0, n):
    expected = binomtest(k, k + k0, m / (m + n), alternative="greater").pvalue
    assert rise_p_value(k, m, k0, n) == pytest.approx(expected, rel=1e-9)
    assert fall_p_value(k0, n, k, m) == pytest.approx(expected, rel=1e-9)


def test_rows_outside_of_the_range_of_others_are_foretold_whatever_the_distribution():
    # Of m rows K lie outside of the range of n others: K is beta-binomial with (2, n - 1).
    for k, m, n in ((3, 200, 1000), (20, 5000, 1000), (2, 10, 500)):
        exact = betabinom.sf(k - 1, m, 2, n - 1)
        assert exact <= rise_p_value(k, m, 1, n) * 1.01
        assert rise_p_value(k, m, 1, n) == pytest.approx(exact, rel=0.2)


def test_the_greatest_count_by_chance_is_the_last_that_is_likely():
    for rows, before, of, level in ((500, 0, 20_000, 0.01), (10_000, 37, 4000, 1e-4), (3, 0, 3, 0.01)):
        most = max_count_by_chance(rows, before, of, level)
        assert rise_p_value(most, rows, before, of) > level
        assert most == rows or rise_p_value(most + 1, rows, before, of) <= level


def test_chance_alone_rings_at_most_as_often_as_it_may():
    draw = np.random.default_rng(7)
    for share in (0.0005, 0.01, 0.3):
        before, now = draw.binomial(4000, share, 3000), draw.binomial(1500, share, 3000)
        rang = [rise_p_value(int(k), 1500, int(k0), 4000) <= 0.05 for k, k0 in zip(now, before, strict=True)]
        assert np.mean(rang) <= 0.065


def test_without_rows_nothing_is_certain():
    assert rise_p_value(0, 10, 5, 10) == rise_p_value(3, 0, 0, 10) == rise_p_value(3, 10, 0, 0) == 1
    assert max_count_by_chance(0, 0, 10, 0.01) == 0
