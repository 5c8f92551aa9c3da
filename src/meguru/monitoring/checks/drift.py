"""Each column against the data the live model was trained on, by the test that suits what it holds."""

from __future__ import annotations

from typing import ClassVar

from meguru.errors import InvalidInput, NotFound
from meguru.monitoring.checks.column_drift import ColumnDriftCheck
from meguru.monitoring.window import ComparedColumn
from meguru.stats.drift import TESTS, DriftTest


class ColumnsDrift(ColumnDriftCheck, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "drift", "numbers": "ks", "categories": "chi_square"}``: one test a column.

    `numbers` and `categories` name the tests; `floor` is the effect that is worth an alarm (0: each test's
    own); `alpha` the chance of any false alarm in a window without change.
    """

    key: ClassVar[str] = "drift"

    numbers: str = "ks"
    categories: str = "chi_square"
    floor: float = 0.0

    def check(self) -> None:
        """Refuse tests that there are not, or that suit something else."""
        ColumnDriftCheck.check(self)
        for field, name in (("numbers", self.numbers), ("categories", self.categories)):
            try:
                test = TESTS.load(name)
            except NotFound as error:
                raise InvalidInput(error.what, why=error.why, hint=error.hint, field=field) from None
            if not (test.numeric if field == "numbers" else test.categorical):
                raise InvalidInput(f"{name} is no test of {field}", field=field)

    def test_of(self, column: ComparedColumn) -> DriftTest:
        """Return the test of numbers, or of categories."""
        test: DriftTest = TESTS.load(self.numbers if column.ordered else self.categories)()
        return test

    def floor_of(self, test: DriftTest) -> float:
        """Return the floor that was asked for, or the test's own."""
        return self.floor or test.floor
