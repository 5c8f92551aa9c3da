"""Checks of rows, and of one window after the other, keep the contract of checks."""

from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest

from meguru.errors import InvalidInput
from meguru.monitoring.checks import CHECKS
from meguru.monitoring.types import ReportVerdict
from meguru.monitoring.window import PastWindow
from meguru.testing.contracts.checks import MODEL, CheckContract, make_rows, make_window


class _OfRows(CheckContract):
    def bad_windows(self):
        return [make_window(make_rows(n, shift=1.0)) for n in (300, 2000)]

    def test_it_finds_no_breach_when_nothing_changed(self, check):
        for seed in range(2):
            window = make_window(make_rows(1000, seed))
            assert check.missing(window) == ""
            assert not any(each.breached for each in check.evaluate(window))

    def test_it_says_so_when_the_training_rows_are_not_there(self, check):
        window = replace(make_window(make_rows(300)), reference=None)
        assert check.evaluate(window) == []
        assert check.missing(window) == f"the rows that {MODEL} was trained on are not in a dataset here"


class TestColumnsDrift(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("drift")()

    def bad_windows(self):
        return [make_window(make_rows(n, shift=shift)) for n, shift in ((300, 1.0), (20_000, 0.3))]

    def test_each_column_has_the_test_that_suits_it(self, check):
        says = {each.column: each.says for each in check.evaluate(make_window(make_rows(1000)))}
        assert says["wind"].startswith("wind: KS distance")
        assert says["carrier"].startswith("carrier: chi-square")

    @pytest.mark.parametrize("field", ["numbers", "categories"])
    def test_a_test_that_does_not_suit_is_refused(self, field):
        for wrong in ("chi_square" if field == "numbers" else "wasserstein", "kss"):
            with pytest.raises(InvalidInput) as caught:
                CHECKS.load("drift")(**{field: wrong}).check()
            assert caught.value.field == field


class TestMmd(_OfRows):
    @pytest.fixture
    def check(self):
        return CHECKS.load("mmd")()


class TestDomainClassifier(_OfRows):
    @pytest.fixture
    def check(self):
        return CHECKS.load("domain_classifier")()

    def test_it_names_the_columns_that_tell(self, check):
        (found,) = check.evaluate(make_window(make_rows(1000, shift=1.0)))
        assert "; told apart by wind" in found.says


class TestAdwin(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("adwin")()

    def bad_windows(self):
        halves = [(make_rows(n), make_rows(n, 1, shift=1.0)) for n in (500, 9000)]
        return [make_window(pl.concat(each)) for each in halves]

    def test_it_tells_when_and_by_how_much_a_column_changed(self, check):
        window = make_window(pl.concat([make_rows(1500), make_rows(500, 1, shift=1.0)]))
        found = {each.column: each for each in check.evaluate(window)}
        assert found["wind"].effect == pytest.approx(1.0, abs=0.15)
        assert found["wind"].n == pytest.approx(500, abs=100)
        assert not found["_score"].breached


class TestPageHinkley(CheckContract):
    @pytest.fixture
    def check(self):
        return CHECKS.load("page_hinkley")()

    def after(self, shifts, n=1000):
        """Return a window after others, whose feature moved by each of the shifts."""
        *past, window = (make_window(make_rows(n, seed, shift=shift)) for seed, shift in enumerate(shifts))
        earlier = [
            PastWindow(
                start=datetime(2013, 3, day, tzinfo=UTC),
                end=datetime(2013, 3, day + 1, tzinfo=UTC),
                model=MODEL,
                rows=n,
                verdict=ReportVerdict.OK,
                columns=each.columns,
            )
            for day, each in enumerate(past, 1)
        ]
        return replace(window, past=tuple(earlier))

    def bad_windows(self):
        return [self.after([0.0] * 10 + [0.5]), self.after([0.0] * 8 + [0.1, 0.2, 0.3, 0.4])]

    def test_it_finds_no_breach_when_nothing_changed(self, check):
        for start in range(4):
            window = self.after([0.001 * start] * 12)
            assert check.missing(window) == ""
            assert not any(each.breached for each in check.evaluate(window))

    def test_it_says_so_when_few_windows_are_known(self, check):
        window = self.after([0.0] * 4)
        assert check.evaluate(window) == []
        assert check.missing(window) == "only 3 earlier windows are known, and 8 are needed"
