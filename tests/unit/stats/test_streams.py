"""Tests of series find the changes that river 0.26 finds, ring falsely as seldom as they say, and forget."""

import math
import random

import pytest

from meguru.errors import InvalidInput
from meguru.stats.streams import Adwin, PageHinkley


def streams(seed):
    draw = random.Random(seed)
    steps = [draw.random() * 0.5 for _ in range(700)] + [0.3 + draw.random() * 0.5 for _ in range(500)]
    yield steps + [draw.random() for _ in range(400)]
    yield [float(draw.random() < 0.2) for _ in range(1500)] + [
        float(draw.random() < 0.35) for _ in range(1500)
    ]
    yield [min(1, max(0, draw.gauss(0.4, 0.1) + (place > 900) * 0.03)) for place in range(3000)]


def places(make, values):
    """Return where changes are told, beginning anew after each, as river does."""
    told, test = [], make()
    for place, value in enumerate(values):
        if told and told[-1] == place - 1:
            test = make()
        if test.update(value):
            told.append(place)
    return told, test


# What river 0.26.1 tells of the same streams: ADWIN(), its estimation and width; PageHinkley(threshold=10).
RIVER = [
    ([767], 0.528879984, 832, [731, 1540]),
    ([1983], 0.351377953, 1016, [475, 1266, 1509, 1838, 2099, 2245, 2780]),
    ([1663], 0.428951179, 1336, [1214]),
]


@pytest.mark.parametrize(("values", "truth"), list(zip(streams(0), RIVER, strict=True)))
def test_changes_are_told_where_river_tells_them(values, truth):
    told, adwin = places(Adwin, values)
    assert (told, adwin.width) == (truth[0], truth[2])
    assert adwin.mean == pytest.approx(truth[1], abs=1e-9)
    assert places(lambda: PageHinkley(threshold=10), values)[0] == truth[3]


def test_the_window_has_the_mean_and_the_variance_of_its_values():
    draw, test = random.Random(1), Adwin()
    values = [draw.random() for _ in range(777)]
    for value in values:
        test.update(value)
    kept = values[-test.width :]
    mean = sum(kept) / len(kept)
    assert test.mean == pytest.approx(mean, abs=1e-12)
    assert test.variance == pytest.approx(sum((each - mean) ** 2 for each in kept) / len(kept), abs=1e-12)


def test_without_a_change_nothing_is_told_and_a_series_that_changed_is_forgotten():
    rung = 0
    for seed in range(10):
        draw, test = random.Random(seed), Adwin(alpha=0.01)
        rung += sum(test.update(draw.random()) for _ in range(1000)) > 0
    assert rung <= 1
    test = Adwin()
    assert sum(test.update(value) for value in [0.1] * 400 + [0.9] * 400)
    assert test.mean > 0.8


def test_constants_gaps_and_values_out_of_bounds():
    for test in (Adwin(), PageHinkley(threshold=1)):
        assert not any(test.update(0.5) for _ in range(500))
        assert not test.update(math.nan)
    assert math.isnan(Adwin().mean)
    assert not PageHinkley().update(math.inf)
    with pytest.raises(InvalidInput, match=r"\[0, 1\]"):
        Adwin().update(1.5)
    for wrong in ({"drift": -1}, {"threshold": 0}, {"least": 0}, {"memory": 2}):
        with pytest.raises(InvalidInput):
            PageHinkley(**wrong)
    with pytest.raises(InvalidInput):
        Adwin(every=0)


@pytest.mark.soak
def test_page_and_hinkleys_rule_rings_falsely_about_once_in_465_standard_values():
    draw, told = random.Random(2), 0
    test = PageHinkley(drift=0.5, threshold=5, least=1, memory=1)
    for _ in range(200_000):
        told += test.update(draw.gauss(0, 1))
    assert 250 < 200_000 / told < 900
