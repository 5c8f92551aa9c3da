from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import polars as pl
import pytest

from meguru.business.types import BusinessValue
from meguru.monitoring.checks import CHECKS
from meguru.testing.contracts.checks import CheckContract, make_rows, make_window

MARCH, APRIL = datetime(2013, 3, 1, tzinfo=UTC), datetime(2013, 4, 1, tzinfo=UTC)


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


class TestChiSquare(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("chi_square")()

    def bad_windows(self):
        other = pl.when(pl.int_range(pl.len()) % 4 == 0).then(pl.lit("UA")).otherwise(pl.col("carrier"))
        return [make_window(make_rows(n).with_columns(other.alias("carrier"))) for n in (300, 20_000)]


class TestJensenShannon(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("jensen_shannon")()

    def bad_windows(self):
        return [make_window(make_rows(n, shift=shift)) for n, shift in ((300, 1.0), (20_000, 0.5))]


class TestWasserstein(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("wasserstein")()

    def bad_windows(self):
        return [make_window(make_rows(n, shift=shift)) for n, shift in ((300, 1.0), (20_000, 0.3))]


class TestNulls(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("nulls")()

    def bad_windows(self):
        gone = pl.when(pl.int_range(pl.len()) % 5 == 0).then(None).otherwise(pl.col("wind")).alias("wind")
        return [make_window(make_rows(n).with_columns(gone)) for n in (300, 20_000)]


class TestPerformance(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("performance")()

    def bad_windows(self):
        return [make_window(make_rows(n, skill=skill)) for n, skill in ((400, 0.0), (20_000, 0.7))]


class TestBusiness(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("business")()

    def bad_windows(self):
        cost = BusinessValue(metric="cost", start=MARCH, end=APRIL, unit="JPY", direction="lower", target=1e6)
        beyond = msgspec.structs.replace(cost, value=1.3e6, low=1.1e6, high=1.5e6, rows=300, outcomes=300)
        gain = msgspec.structs.replace(beyond, metric="gain", direction="higher", target=2e6, known=True)
        return [replace(make_window(make_rows(300)), business=(each,)) for each in (beyond, gain)]


class TestEstimate(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("estimate")()

    def bad_windows(self):
        unsure = (0.4 + (pl.col("_score") - 0.4) * 0.3).alias("_score")
        return [make_window(make_rows(n).with_columns(unsure)) for n in (2000, 20_000)]


class TestFairness(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("fairness")(columns=["carrier"])

    def bad_windows(self):
        less = pl.when(pl.col("carrier") == "UA").then(pl.col("_score") / 2).otherwise(pl.col("_score"))
        return [make_window(make_rows(n).with_columns(less.alias("_score"))) for n in (1000, 20_000)]


RUN = """
business chi_square estimate fairness jensen_shannon ks nulls performance psi wasserstein
"""


def test_every_check_runs_the_contract():
    assert set(RUN.split()) == set(CHECKS.names())
