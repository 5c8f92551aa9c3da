"""What every expectation of a dataset promises."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from meguru.datasets.expectations.base import CheckedRows, Expectation
from meguru.datasets.expectations.evaluate import evaluate
from meguru.datasets.expectations.types import ExpectationResult


class ExpectationContract:
    """Subclass it, with fixtures `expectation`, and `good` and `bad`: rows that hold it, and that do not."""

    about_rows = True
    """Whether it is about single rows, so that those that fail can be counted and shown."""

    @pytest.fixture
    def expectation(self) -> Expectation:
        """Return the expectation under test."""
        raise NotImplementedError

    @pytest.fixture
    def good(self) -> CheckedRows:
        """Return rows that hold it."""
        raise NotImplementedError

    @pytest.fixture
    def bad(self) -> CheckedRows:
        """Return rows that do not."""
        raise NotImplementedError

    def test_its_options_make_sense(self, expectation: Expectation) -> None:
        expectation.check()
        assert expectation.says()

    def test_it_tells_good_from_bad(
        self, expectation: Expectation, good: CheckedRows, bad: CheckedRows
    ) -> None:
        fine, wrong = evaluate([expectation], good)[0], evaluate([expectation], bad)[0]
        assert fine.passed
        assert not wrong.passed
        assert wrong.observed

    def test_rows_that_fail_are_counted_and_shown(
        self, expectation: Expectation, good: CheckedRows, bad: CheckedRows
    ) -> None:
        fine, wrong = evaluate([expectation], good)[0], evaluate([expectation], bad)[0]
        assert fine.failing == 0
        assert fine.sample == []
        assert bool(wrong.failing) == bool(wrong.sample) == self.about_rows

    def test_what_is_hidden_is_not_shown(self, expectation: Expectation, bad: CheckedRows) -> None:
        result = evaluate([expectation], bad, hidden=bad.schema)[0]
        shown = {value for row in result.sample for name, value in row.items() if name in bad.schema}
        assert shown <= {"•••"}

    def test_rows_without_its_columns_do_not_hold_it(
        self, expectation: Expectation, good: CheckedRows
    ) -> None:
        if not expectation.names():
            return
        rows = good.scan.drop(expectation.names(), strict=False).with_row_index("other")
        without = replace(good, scan=rows, schema=dict(rows.collect_schema()))
        assert not evaluate([expectation], without)[0].passed

    def test_its_result_is_plain_data(self, expectation: Expectation, bad: CheckedRows) -> None:
        result = evaluate([expectation], bad)[0]
        assert msgspec.json.decode(msgspec.json.encode(result), type=ExpectationResult) == result
