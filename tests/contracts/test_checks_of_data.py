import math
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.stats import binomtest

from meguru.errors import InvalidInput
from meguru.monitoring.checks import CHECKS
from meguru.monitoring.window import PastWindow, compare
from meguru.testing.contracts.checks import MODEL, CheckContract, make_rows, make_window

MARCH, APRIL = datetime(2013, 3, 1, tzinfo=UTC), datetime(2013, 4, 1, tzinfo=UTC)
MAY = datetime(2013, 5, 1, tzinfo=UTC)


def plain(column):
    """Return the values that are there, and how many are not."""
    values = column.to_list()
    known = [each for each in values if each is not None and each == each]  # noqa: PLR0124 - NaN
    return known, len(values) - len(known)


def spelled(value):
    return str(value).lower() if isinstance(value, bool) else value


def certainly(k, m, k0, n, *, rise, level):
    """Tell whether a share rose by more than that, and by more than chance."""
    if not m or k / m <= k0 / max(n, 1) + rise:
        return False
    return bool(n and binomtest(k, k + k0, m / (m + n), alternative="greater").pvalue <= level)


class TestSchema(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("schema")()

    def bad_windows(self):
        rows = make_rows(2000)
        return [
            make_window(rows.drop("wind")),
            make_window(rows.with_columns(pl.lit("strong").alias("wind"))),
            make_window(rows.with_columns(pl.lit(None, dtype=pl.Float64).alias("wind"))),
        ]

    def reference(self, case):
        whole = {"constant", "normal", "skewed", "huge", "integer", "mostly zero", "half empty"}
        said = {}
        for name, fate in case.fates.items():
            if name.startswith("list"):
                continue
            now = plain(case.rows[name])[0] if fate != "gone" else []
            was = plain(case.trained[name])[0]
            is_other = fate == "other type" and not (
                name.startswith("truth") or name.rpartition(" ")[0] in whole
            )
            broken = fate in {"gone", "other type"} or (not now and bool(was))
            if broken or is_other:
                said[name] = True
        return said | dict.fromkeys([*case.pairs(), *(each.name for each in case.window.times)], False)

    def test_new_columns_are_told_and_never_breached(self, check):
        window = make_window(make_rows(2000).with_columns(pl.lit(1).alias("gust")))
        (found,) = check.evaluate(window)
        assert (found.column, found.breached) == ("gust", False)


class TestNulls(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("nulls")()

    def bad_windows(self):
        gone = pl.when(pl.int_range(pl.len()) % 5 == 0).then(None).otherwise(pl.col("wind")).alias("wind")
        return [make_window(make_rows(n).with_columns(gone)) for n in (300, 20_000)]

    def reference(self, case):
        times = {each.name: (case.trained[each.name], case.rows[each.name]) for each in case.window.times}
        said, pairs = {}, case.pairs() | times
        for name, (then, now) in pairs.items():
            counts = plain(now)[1], len(now), plain(then)[1], len(then)
            before = counts[2] / len(then)
            rise = max(0.05, before * (1 - before))
            said[name] = certainly(*counts, rise=rise, level=0.01 / len(pairs))
        return said


class TestRanges(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("ranges")()

    def bad_windows(self):
        def some(value):
            return pl.when(pl.int_range(pl.len()) % 20 == 0).then(value).otherwise("wind").alias("wind")

        return [
            make_window(make_rows(n).with_columns(some(v))) for n in (300, 9000) for v in (-999, math.inf)
        ]

    def reference(self, case):
        columns = {
            name: pair
            for name, pair in case.pairs().items()
            if pair[0].dtype.is_numeric() and any(math.isfinite(each) for each in plain(pair[0])[0])
        }
        said = {}
        for name, (then, now) in columns.items():
            was, values = plain(then)[0], plain(now)[0]
            finite = [each for each in was if math.isfinite(each)]
            low, high = min(finite), max(finite)
            span, n, m = high - low, len(was), len(values)
            far = sum(
                math.isfinite(each) and span > 0 and (each < low - span or each > high + span)
                for each in values
            )
            infinite = sum(math.isinf(each) for each in values)
            profile = next(each.profile for each in case.window.columns if each.name == name)
            tails = profile.counts[0] + profile.counts[-1]
            level = 0.01 / (2 * len(columns))
            said[name] = certainly(far, m, 1, n, rise=0.01, level=level) or certainly(
                infinite, m, tails, n, rise=0.01, level=level
            )
        return said

    def test_new_extremes_of_a_column_without_bounds_are_none(self, check):
        draw = np.random.default_rng(5)
        for _ in range(20):
            trained = make_rows(1000).with_columns(pl.Series("wind", draw.pareto(1.0, 1000)))
            rows = make_rows(5000).with_columns(pl.Series("wind", draw.pareto(1.0, 5000)))
            window = make_window(rows, trained_on=trained)
            assert [each.says for each in check.evaluate(window) if each.breached] == []

    def test_a_hot_summer_is_no_break_unless_any_number_outside_is(self, check):
        window = make_window(make_rows(2000, shift=4.0))
        assert not any(each.breached for each in check.evaluate(window))
        strict = type(check)(strict=True)
        assert [each.column for each in strict.evaluate(window) if each.breached] == ["wind"]


class TestNewCategories(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("new_categories")()

    def bad_windows(self):
        lower = pl.col("carrier").str.to_lowercase().alias("carrier")
        some = (
            pl.when(pl.int_range(pl.len()) % 8 == 0).then(pl.lit("ZZ")).otherwise("carrier").alias("carrier")
        )
        return [make_window(make_rows(n).with_columns(each)) for n in (300, 9000) for each in (lower, some)]

    def reference(self, case):
        columns = {}
        for name, (then, now) in case.pairs().items():
            if then.dtype.is_numeric():
                continue
            was = Counter(spelled(each) for each in plain(then)[0])
            if 0 < len(was) <= 64:
                columns[name] = (was, [spelled(each) for each in plain(now)[0]])
        level = 0.01 / max(len(columns), 1)
        return {
            name: certainly(
                sum(each not in was for each in now),
                len(now),
                sum(count == 1 for count in was.values()),
                sum(was.values()),
                rise=0.05,
                level=level,
            )
            for name, (was, now) in columns.items()
        }

    def test_rare_categories_that_training_missed_are_none(self, check):
        draw = np.random.default_rng(5)
        for _ in range(20):
            words = [
                pl.Series("carrier", [f"c{min(each, 200)}" for each in draw.zipf(2.5, n)])
                for n in (400, 5000)
            ]
            trained = make_rows(400).with_columns(words[0])
            window = make_window(make_rows(5000).with_columns(words[1]), trained_on=trained)
            assert [each.says for each in check.evaluate(window) if each.breached] == []


class TestConstant(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("constant")()

    def bad_windows(self):
        return [
            make_window(make_rows(n).with_columns(pl.lit(value).alias("wind")))
            for n in (300, 9000)
            for value in (0.2, -3.9)
        ]

    def reference(self, case):
        said = {}
        for name, (then, now) in case.pairs().items():
            was, values = plain(then)[0], plain(now)[0]
            if len(set(was)) < 2 or not values:
                continue
            others = sum(each != values[0] for each in was) / len(was)
            stands = len(set(values)) == 1 and others > 0.5
            if stands and (len(set(was)) < 1000 or not name.startswith("normal")):
                continue  # of few values: the windows before must tell
            said[name] = stands
        return said

    def test_the_month_is_one_in_each_window_and_no_break(self, check):
        def months(rows, month):
            return rows.with_columns(pl.Series("wind", np.full(rows.height, float(month))))

        draw = np.random.default_rng(1)
        trained = make_rows(9000).with_columns(pl.Series("wind", draw.integers(1, 13, 9000).astype(float)))
        first = make_window(months(make_rows(2000), 4), trained_on=trained)
        assert not any(each.breached for each in check.evaluate(first))
        assert check.missing(first) == "wind: one value only, and no earlier window tells if that is usual"
        second = make_window(months(make_rows(2000, 1), 5), trained_on=trained)
        then = PastWindow(start=APRIL, end=MAY, model=MODEL, rows=2000, verdict="ok", columns=first.columns)
        known = replace(second, past=(then,))
        assert check.missing(known) == ""
        assert not any(each.breached for each in check.evaluate(known))

    def test_a_column_of_few_values_that_varied_in_the_windows_before_stands_still(self, check):
        before = make_window(make_rows(2000))
        then = PastWindow(start=APRIL, end=MAY, model=MODEL, rows=2000, verdict="ok", columns=before.columns)
        alike = make_rows(2000).with_columns(pl.lit("UA").alias("carrier"))
        known = replace(make_window(alike), past=(then,))
        (found,) = [each for each in check.evaluate(known) if each.breached]
        assert found.says.startswith("carrier: one value only, UA; 0.8")


def days_before(counts, days=1):
    """Return windows of so many rows, on the days before April."""
    starts = [APRIL - timedelta(days=days * (len(counts) - n)) for n in range(len(counts))]
    return tuple(
        PastWindow(start=each, end=each + timedelta(days=1), model=MODEL, rows=rows, verdict="ok")
        for each, rows in zip(starts, counts, strict=True)
    )


def april(rows, past):
    window = make_window(make_rows(rows)) if rows else compare(make_rows(0), {}, min_rows=200)
    return replace(window, start=APRIL, end=APRIL + timedelta(days=1), past=past)


class TestVolume(CheckContract):
    needs_rows = False

    @pytest.fixture
    def check(self):
        return CHECKS.load("volume")()

    def usual_window(self, seed):
        draw = np.random.default_rng(seed)
        return april(2000, days_before(draw.negative_binomial(20, 20 / 2020, 14).tolist()))

    def bad_windows(self):
        weeks = days_before([3000, 2900, 3100, 3050], days=7)
        return [april(0, weeks), april(150, days_before([2000] * 5)), april(9000, days_before([800] * 5))]

    def test_a_quiet_day_of_the_week_is_usual(self, check):
        past = days_before([*[900, 910, 880, 905, 890, 870, 3] * 4][:-1])
        assert APRIL - past[-7].start == timedelta(days=7)
        sundays = [each.rows for each in past[-7::-7]]
        assert sundays == [3, 3, 3]
        assert not any(each.breached for each in check.evaluate(april(4, past)))
        assert any(each.breached for each in check.evaluate(april(4, days_before([900] * 27))))

    def test_a_fault_that_lasts_stays_one(self, check):
        past = list(days_before([900] * 5 + [0] * 8))
        for n in range(5, 13):
            window = replace(april(0, tuple(past[:n])), start=past[n].start, end=past[n].end)
            (found,) = check.evaluate(window)
            assert found.breached
            past[n] = replace(past[n], findings=(found,))

    def test_the_first_windows_have_nothing_to_be_compared_with(self, check):
        assert check.evaluate(april(300, days_before([9000] * 2))) == []

    def test_a_version_that_lost_its_rows_is_told_and_one_that_grew_is_not(self, check):
        window = make_window(make_rows(300))
        (lost,) = check.evaluate(replace(window, reference_rows=90_000))
        assert (lost.breached, lost.says) == (True, "300 rows, too few: the training data has 90,000")
        (grew,) = check.evaluate(replace(window, reference_rows=20))
        assert not grew.breached


class TestFreshness(CheckContract):
    needs_rows = False

    @pytest.fixture
    def check(self):
        return CHECKS.load("freshness")()

    def usual_window(self, seed):
        return replace(april(2000, ()), newest=APRIL + timedelta(hours=seed))

    def bad_windows(self):
        old = replace(april(300, ()), start=MARCH, newest=MARCH)
        return [old, april(0, days_before([5, 0, 0]))]

    def reference(self, case):
        return {"": False} if case.rows.height else {}

    def test_how_old_the_newest_row_is_said_in_words(self, check):
        old, nothing = self.bad_windows()
        assert check.evaluate(old)[0].says == "the newest row is 32 d old, older than 1 d"
        assert check.evaluate(nothing)[0].says == "the newest row is at least 3 d old, older than 1 d"

    def test_a_length_of_time_is_asked_for(self, check):
        for wrong in ("soon", 0, -3.0):
            with pytest.raises(InvalidInput) as refused:
                type(check)(within=wrong).check()
            assert refused.value.field == "within"
