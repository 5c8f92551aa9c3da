"""Every drift test keeps the contract; in a soak its false alarms are counted closely."""

import pytest

from meguru.stats.drift import TESTS
from meguru.testing.contracts.drift import DriftTestContract, is_tied

CAREFUL = {"ks"}


class OneTest(DriftTestContract):
    name = ""

    @pytest.fixture
    def test(self):
        return TESTS.load(self.name)()


class TestKolmogorovSmirnov(OneTest):
    name = "ks"
    careful_with_ties = True


class TestChiSquare(OneTest):
    name = "chi_square"


class TestPsi(OneTest):
    name = "psi"


class TestJensenShannon(OneTest):
    name = "jensen_shannon"


class TestWasserstein(OneTest):
    name = "wasserstein"


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", TESTS.names())
@pytest.mark.parametrize(("n", "m"), [(100, 100), (1000, 300), (5000, 5000)])
def test_false_alarms_are_between_three_and_seven_percent(name, n, m):
    rung = OneTest().false_alarms(TESTS.load(name)(), n, m, looks=3000)
    for which, share in rung.items():
        least = 0 if name in CAREFUL and is_tied(which) else 0.03
        assert least <= share <= 0.07, (which, share)


def test_every_drift_test_runs_the_contract():
    run = {each.name for each in OneTest.__subclasses__()}
    assert run == set(TESTS.names())
