import numpy as np
import pytest
from scipy.stats import nbinom, poisson

from meguru.stats.volume import CountBand, fit_count_band


def test_tails_are_those_of_scipy():
    band = CountBand(mean=120.0, excess=0.04)
    size = 1 / 0.04
    known = nbinom(size, size / (size + 120))
    for count in (0, 50, 119, 300):
        assert band.at_most(count) == pytest.approx(known.cdf(count), rel=1e-9)
        assert band.at_least(count) == pytest.approx(known.sf(count - 1), rel=1e-9)
    plain = CountBand(mean=12.0, excess=0.0)
    assert plain.at_most(5) == pytest.approx(poisson.cdf(5, 12))
    assert plain.at_least(20) == pytest.approx(poisson.sf(19, 12))


def test_nothing_before_makes_anything_much():
    band = fit_count_band([0, 0, 0])
    assert (band.at_most(0), band.at_least(0), band.at_least(1)) == (1.0, 1.0, 0.0)


def test_chance_leaves_the_band_about_as_often_as_it_may():
    draw = np.random.default_rng(3)
    for rate, size in ((40, None), (3000, None), (3000, 15)):
        counts = (
            draw.poisson(rate, (800, 9))
            if size is None
            else draw.negative_binomial(size, size / (size + rate), (800, 9))
        )
        rang = [fit_count_band(row[:8].tolist()).at_most(int(row[8])) <= 0.01 for row in counts]
        assert np.mean(rang) <= 0.03
