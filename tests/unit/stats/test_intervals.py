import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from meguru.errors import InvalidInput
from meguru.stats import wilson


@given(st.integers(1, 500), st.data())
def test_wilson_equals_scipy(n, data):
    k = data.draw(st.integers(0, n))
    expected = binomtest(k, n).proportion_ci(0.95, method="wilson")
    interval = wilson(k, n)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_no_rows_mean_that_nothing_is_known():
    interval = wilson(0, 0)
    assert (interval.low, interval.high) == (0, 1)
    assert math.isnan(interval.estimate)


def test_more_successes_than_rows_are_refused():
    with pytest.raises(InvalidInput):
        wilson(3, 2)
