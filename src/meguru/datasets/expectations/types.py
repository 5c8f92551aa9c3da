"""What is known after rows were held against expectations."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

Severity = Literal["stop", "warn"]
CheckState = Literal["passed", "warned", "refused", "failed"]
"""`refused`: a version was not registered for it; `failed`: one that is there does not hold what stops."""


class ExpectationResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one expectation.

    `failing` of `rows` rows do not hold it; `tolerance` is the share of them that may. `says` is what was
    expected, `observed` what was found, in words. `sample` has some failing rows, values of columns that are
    personal left out.
    """

    check: str
    says: str
    columns: list[str]
    severity: Severity
    passed: bool
    failing: int
    rows: int
    tolerance: float = 0.0
    observed: str = ""
    sample: list[dict[str, Any]] = []

    @property
    def share(self) -> float:
        """The share of rows that do not hold it."""
        return self.failing / self.rows if self.rows else 0.0

    @property
    def shown(self) -> list[dict[str, Any]]:
        """The rows of the sample, with the columns that it is about first."""
        return [
            {name: row[name] for name in dict.fromkeys([*self.columns, *row]) if name in row}
            for row in self.sample
        ]


class DatasetCheck(msgspec.Struct, frozen=True, kw_only=True):
    """The expectations of a dataset, held against the rows of one version.

    `version` is 0 for one that was refused. `at` and `by` say when and who.
    """

    id: str
    name: str
    version: int
    state: CheckState
    rows: int
    results: list[ExpectationResult]
    at: datetime
    by: str


def state_of(results: list[ExpectationResult], *, registered: bool) -> CheckState:
    """Return what all results come to."""
    broken = {result.severity for result in results if not result.passed}
    if "stop" in broken:
        return "failed" if registered else "refused"
    return "warned" if broken else "passed"
