import math
from collections import Counter

import numpy as np
import pytest

from meguru.stats.relative_histogram import ALPHA, above, bucket, quantile


def test_quantiles_are_known_within_two_per_cent_and_counts_add_up():
    draw = np.random.default_rng(7)
    values = draw.lognormal(-4, 2, 5001)
    parts = [Counter(map(bucket, part.tolist())) for part in np.array_split(values, 3)]
    counts = parts[0] + parts[1] + parts[2]
    assert counts == Counter(map(bucket, values.tolist()))
    for share in (0.01, 0.5, 0.95, 0.99, 1.0):
        exact = np.quantile(values, share, method="inverted_cdf")
        assert quantile(counts, share) == pytest.approx(exact, rel=ALPHA * 1.01)
    limit = 0.05
    assert abs(above(counts, limit) - (values > limit).sum()) <= counts[bucket(limit)]


def test_nothing_has_no_quantile_and_what_is_tiny_or_nought_has_a_bucket():
    assert math.isnan(quantile({}, 0.5))
    assert bucket(0.0) == bucket(-1.0) == bucket(1e-9)
