import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import polars as pl
import pytest

from meguru.business.types import BusinessValue
from meguru.monitoring.checks import CHECKS
from meguru.monitoring.service import ServiceWindow
from meguru.monitoring.types import ReportVerdict
from meguru.monitoring.window import PastWindow
from meguru.stats.relative_histogram import bucket
from meguru.testing.contracts.checks import CheckContract, make_rows, make_window

MARCH, APRIL = datetime(2013, 3, 1, tzinfo=UTC), datetime(2013, 4, 1, tzinfo=UTC)
MAY = datetime(2013, 5, 1, tzinfo=UTC)


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


class TestCalibration(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("calibration")()

    def bad_windows(self):
        seldom = (pl.col("_outcome") * (pl.int_range(pl.len()) % 3 == 0)).alias("_outcome")
        return [make_window(make_rows(n).with_columns(seldom)) for n in (400, 20_000)]


class TestFairness(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("fairness")(columns=["carrier"])

    def bad_windows(self):
        less = pl.when(pl.col("carrier") == "UA").then(pl.col("_score") / 2).otherwise(pl.col("_score"))
        return [make_window(make_rows(n).with_columns(less.alias("_score"))) for n in (1000, 20_000)]


class TestService(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("service")()

    def bad_windows(self):
        seen = (
            ServiceWindow(requests=3, errors=3),
            ServiceWindow(requests=10_000, errors=150),
            ServiceWindow(requests=500, turned_away=100),
            ServiceWindow(requests=500, occupied=0.97),
        )
        return [replace(make_window(make_rows(300)), service=each) for each in seen]

    def test_it_rings_for_latency_only_where_somebody_says_what_is_slow(self, check):
        latencies = {bucket(0.05): 900, bucket(0.5): 100}
        window = replace(
            make_window(make_rows(300)), service=ServiceWindow(requests=1000, latencies=latencies)
        )
        assert not [each for each in check.evaluate(window) if each.breached]
        (found,) = [each for each in CHECKS.load("service")(slow=0.2).evaluate(window) if each.breached]
        assert found.says == "95% of requests were answered within 496 ms, certainly above 200 ms"
        assert not [each for each in CHECKS.load("service")(slow=0.6).evaluate(window) if each.breached]


class TestCost(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("cost")()

    def bad_windows(self):
        check, window = CHECKS.load("cost")(), make_window(make_rows(300))
        past = tuple(
            PastWindow(
                start=MARCH,
                end=APRIL,
                model=window.model,
                rows=1000,
                verdict=ReportVerdict.OK,
                findings=tuple(check.evaluate(replace(window, service=used(cpu)))),
            )
            for cpu in (1.0, 1.1, 1.2)
        )
        return [replace(window, service=used(2.0), past=past)]

    def test_a_price_and_a_limit_are_in_money(self):
        check = CHECKS.load("cost")(cpu_hour=36.0, unit="JPY", limit=0.01)
        (found,) = check.evaluate(replace(make_window(make_rows(300)), service=used(2.0)))
        assert found.breached
        assert found.says == "1,000 predictions cost 0.02 JPY, above 0.01 JPY"


def used(cpu):
    return ServiceWindow(requests=10, rows=1000, cpu=cpu)


def test_every_check_runs_the_contract():
    files = Path(__file__).parent.glob("test_checks*.py")
    loaded = [re.findall(r'CHECKS\.load\("(\w+)"\)', each.read_text("utf-8")) for each in files]
    assert {name for each in loaded for name in each} == set(CHECKS.names())
