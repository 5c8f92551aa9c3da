"""Every metric keeps the promises of the family."""

import numpy as np
import pytest

from meguru.metrics import METRICS, ScoredRows, metric_of
from meguru.testing.contracts.metrics import MetricContract

APART = {"recall_at_precision", "calibration_error", "cost"}
COSTS = [
    {"metric": "cost", "matrix": [[0, 1], [5, 0]], "unit": "EUR"},
    {"metric": "cost", "of": "hours", "formula": "3 * max(truth - score, 0) + max(score - truth, 0)"},
]
NAMES = [name for name in METRICS.names() if name not in APART]


class TestMetrics(MetricContract):
    @pytest.fixture(params=[*NAMES, *COSTS, "f1@b", "precision@b", "recall@b", "top_k_accuracy@2"], ids=str)
    def metric(self, request):
        return metric_of(request.param)


class TestDrawnMetrics(MetricContract):
    samples = 8

    @pytest.fixture
    def metric(self):
        return metric_of("recall_at_precision@0.5")


class TestCalibration(MetricContract):
    @pytest.fixture
    def metric(self):
        return metric_of("calibration_error")

    def rows(self, metric, n=1000, seed=0, skill=1.0):
        draw = np.random.default_rng(seed)
        chance = draw.random(n)
        truth = (draw.random(n) < chance).astype(float)
        return [ScoredRows(truth=truth, answer={"score": chance ** (3 / (0.5 + skill))})]
