import itertools
import math
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2, chi2_contingency, ks_2samp, kstwobign, wasserstein_distance

from meguru.business.types import BusinessValue
from meguru.monitoring.checks import CHECKS
from meguru.monitoring.service import ServiceWindow
from meguru.monitoring.types import ReportVerdict
from meguru.monitoring.window import PastWindow
from meguru.stats.relative_histogram import bucket
from meguru.testing.contracts.checks import CheckContract, make_rows, make_window

MARCH, APRIL = datetime(2013, 3, 1, tzinfo=UTC), datetime(2013, 4, 1, tzinfo=UTC)
MAY = datetime(2013, 5, 1, tzinfo=UTC)


def spelled(value):
    return str(value).lower() if isinstance(value, bool) else value


def known(column):
    values = column.to_list()
    return [spelled(each) for each in values if each is not None and each == each]  # noqa: PLR0124 - NaN


def sides_of(case, *, numeric, categorical):
    """Return what each column that a test suits held, then and now, without what is missing."""
    found = {}
    for name, (then, now) in case.pairs().items():
        suits = numeric if then.dtype.is_numeric() else categorical
        if suits and known(then) and known(now):
            found[name] = (then, now)
    return found


def category_counts(then, now, *, nulls):
    """Count the 64 most frequent categories, all others together, and if asked those without any."""
    before, after = Counter(known(then)), Counter(known(now))
    top = sorted(before, key=lambda word: (-before[word], word))[:64]
    table = [(before[word], after[word]) for word in top]
    table.append(tuple(sum(side.values()) - sum(side[word] for word in top) for side in (before, after)))
    missing = len(then) - len(known(then)), len(now) - len(known(now))
    return table + ([missing] if nulls and any(missing) else [])


def decile_counts(case, name, then, now):
    """Count between the baseline's deciles; neighbours together until ten rows are expected, or many are."""
    profile = next(each.profile for each in case.window.columns if each.name == name)
    groups, held, has = [], math.inf, 0
    fewer = 1 if len(known(then)) >= len(known(now)) else 0
    many = max(40, 0.05 * min(len(known(then)), len(known(now))))
    share = min(len(known(then)), len(known(now))) / (len(known(then)) + len(known(now)))
    for low, high in itertools.pairwise([-math.inf, *profile.edges, math.inf]):
        pair = [
            sum(low < each <= high or each == low == -math.inf for each in known(side))
            for side in (then, now)
        ]
        if held >= 10 or has >= many:
            groups.append([0, 0])
            held, has = 0, 0
        groups[-1] = [a + b for a, b in zip(groups[-1], pair, strict=True)]
        held, has = held + share * sum(pair), has + pair[fewer]
    if held < 10 and has < many and len(groups) > 1:
        last = groups.pop()
        groups[-1] = [a + b for a, b in zip(groups[-1], last, strict=True)]
    missing = len(then) - len(known(then)), len(now) - len(known(now))
    return [tuple(each) for each in groups] + ([missing] if any(missing) else [])


def merged(table):
    """Take together what the smaller side would expect fewer than five rows of, and has not many of."""
    n, m = (sum(side) for side in zip(*table, strict=True))
    many = max(20, 0.05 * min(n, m))
    stands = [(a + b) * min(n, m) / (n + m) >= 5 or (a if n < m else b) >= many for a, b in table]
    kept = [each for each, alone in zip(table, stands, strict=True) if alone]
    rare = [each for each, alone in zip(table, stands, strict=True) if not alone]
    if not rare:
        return kept
    if sum(map(sum, rare)) * min(n, m) < 5 * (n + m) and kept:
        least = min(kept, key=sum)
        kept.remove(least)
        rare.append(least)
    return [*kept, tuple(sum(side) for side in zip(*rare, strict=True))]


class TestPsi(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("psi")()

    def bad_windows(self):
        return [make_window(make_rows(n, shift=shift)) for n, shift in ((300, 1.0), (20_000, 0.5))]

    def reference(self, case):
        columns, said = sides_of(case, numeric=True, categorical=True), {}
        for name, (then, now) in columns.items():
            is_number = then.dtype.is_numeric()
            table = (
                decile_counts(case, name, then, now) if is_number else category_counts(then, now, nulls=True)
            )
            table = merged(table)
            n, m = (sum(side) for side in zip(*table, strict=True))
            share = [((a + 0.5) / (n + len(table) / 2), (b + 0.5) / (m + len(table) / 2)) for a, b in table]
            index = sum((q - p) * math.log(q / p) for p, q in share)
            scale, free = 1 / n + 1 / m, len(table) - 1
            chance = scale * chi2.isf(0.01 / len(columns), free) if free else 0.0
            said[name] = bool(index > max(chance, 0.1 + scale * free))
        return said


class TestKs(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("ks")()

    def bad_windows(self):
        return [make_window(make_rows(n, shift=shift)) for n, shift in ((300, 1.0), (20_000, 0.3))]

    def reference(self, case):
        columns, said = sides_of(case, numeric=True, categorical=False), {}
        for name, (then, now) in columns.items():
            before, after = known(then), known(now)
            unit = math.sqrt(1 / len(before) + 1 / len(after))
            limit = max(unit * kstwobign.isf(0.01 / len(columns)), 0.05 + unit * kstwobign.isf(0.05))
            distance = ks_2samp(before, after, method="asymp").statistic
            compared = next(each for each in case.window.columns if each.name == name)
            fullest = max((compared.then.bins / len(before) + compared.now.bins / len(after)).tolist())
            if distance <= limit or distance - fullest > limit:  # bins may hide as much as the fullest holds
                said[name] = bool(distance > limit)
        return said


class TestChiSquare(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("chi_square")()

    def bad_windows(self):
        other = pl.when(pl.int_range(pl.len()) % 4 == 0).then(pl.lit("UA")).otherwise(pl.col("carrier"))
        return [make_window(make_rows(n).with_columns(other.alias("carrier"))) for n in (300, 20_000)]

    def reference(self, case):
        columns, said = sides_of(case, numeric=False, categorical=True), {}
        for name, (then, now) in columns.items():
            table = merged(category_counts(then, now, nulls=False))
            if len(table) < 2:
                said[name] = False
                continue
            found = chi2_contingency(np.array(table).T, correction=False)
            scale = sum(1 / sum(side) for side in zip(*table, strict=True))
            worth = found.dof + 0.1**2 / scale
            said[name] = bool(found.pvalue < 0.01 / len(columns) and found.statistic > worth)
        return said


class TestJensenShannon(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("jensen_shannon")()

    def bad_windows(self):
        return [make_window(make_rows(n, shift=shift)) for n, shift in ((300, 1.0), (20_000, 0.5))]

    def reference(self, case):
        everything = sides_of(case, numeric=True, categorical=True)
        said = {}
        for name, (then, now) in sides_of(case, numeric=False, categorical=True).items():
            table = merged(category_counts(then, now, nulls=False))
            n, m = (sum(side) for side in zip(*table, strict=True))
            distance = jensenshannon([a / n for a, _ in table], [b / m for _, b in table], base=2)
            scale, free = (1 / n + 1 / m) / (8 * math.log(2)), len(table) - 1
            chance = math.sqrt(scale * chi2.isf(0.01 / len(everything), free)) if free else 0.0
            said[name] = bool(distance > max(chance, 0.05 + math.sqrt(scale * free)))
        return said


class TestWasserstein(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("wasserstein")()

    def bad_windows(self):
        return [make_window(make_rows(n, shift=shift)) for n, shift in ((300, 1.0), (20_000, 0.3))]

    def reference(self, case):
        columns, said = sides_of(case, numeric=True, categorical=False), {}
        for name, (then, now) in columns.items():
            finite = np.array([each for each in known(then) if math.isfinite(each)])
            if "huge" in name or finite.size < 2 or not finite.std():
                continue
            after = np.clip(known(now), finite.min(), finite.max())
            whole = np.sort(np.concatenate((finite, after)))
            below = np.arange(1, whole.size) / whole.size
            spread = np.sum(np.sqrt(below * (1 - below)) * np.diff(whole)) / finite.std()
            noise = math.sqrt(2 / math.pi * (1 / finite.size + 1 / after.size)) * spread
            distance = wasserstein_distance(finite, after) / finite.std()
            near = 0.02 + (finite.max() - finite.min()) / finite.std() / 500
            if distance < 0.1 + noise - near or distance > max(0.1 + noise, 6 * noise) + near:
                said[name] = bool(distance > 0.1 + noise)
        return said


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

    def test_a_column_that_tells_nothing_hides_no_other(self):
        window = self.bad_windows()[0]
        rows = window.frame.with_columns(pl.lit("all").alias("region"))
        check = CHECKS.load("fairness")(columns=["carrier", "region"])
        found = check.evaluate(replace(window, frame=rows))
        assert [(each.column, each.breached) for each in found] == [("carrier", True)]
        assert check.missing(replace(window, frame=rows)).startswith("not two groups of region have")


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
