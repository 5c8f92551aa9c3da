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


def test_every_check_runs_the_contract():
    run = {"business", "chi_square", "jensen_shannon", "ks", "nulls", "performance", "psi", "wasserstein"}
    assert run == set(CHECKS.names())
