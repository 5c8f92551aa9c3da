import pytest

from meguru.monitoring.checks import CHECKS
from meguru.testing.contracts.checks import CheckContract, make_rows, make_window


class TestPsi(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("psi")()

    def bad_windows(self):
        return [make_window(make_rows(n, shift=shift)) for n, shift in ((300, 1.0), (20_000, 0.5))]


class TestKs(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("ks")()

    def bad_windows(self):
        return [make_window(make_rows(n, shift=shift)) for n, shift in ((300, 1.0), (20_000, 0.3))]


class TestPerformance(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("performance")()

    def bad_windows(self):
        return [make_window(make_rows(n, skill=skill)) for n, skill in ((400, 0.0), (20_000, 0.7))]


def test_every_check_runs_the_contract():
    assert {"psi", "ks", "performance"} == set(CHECKS.names())
