"""Every metric keeps the promises of the family."""

import pytest

from meguru.metrics import METRICS, metric_of
from meguru.testing.contracts.metrics import MetricContract

NAMES = METRICS.names()


class TestMetrics(MetricContract):
    @pytest.fixture(params=NAMES)
    def metric(self, request):
        return metric_of(request.param)
