"""The maximum mean discrepancy of all columns together, against rows that the live model was trained on."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from meguru.monitoring.checks.joint_drift import JointDriftCheck
from meguru.stats.drift.encoding import EncodedRows
from meguru.stats.drift.mmd import mmd_test
from meguru.stats.drift.result import DriftResult


class Mmd(JointDriftCheck, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "mmd", "floor": 0.1, "alpha": 0.01}``: of up to 500 rows a side.

    `floor` is the root of the discrepancy that is worth an alarm; `alpha` the chance of a false one. Missing
    numbers count as usual ones.
    """

    key: ClassVar[str] = "mmd"
    label: ClassVar[str] = "MMD"

    floor: float = 0.1

    def compare(self, rows: EncodedRows) -> DriftResult:
        """Compare two sets of vectors; each column weighs as much as another."""
        before, after = (np.nan_to_num(each) for each in (rows.reference, rows.current))
        return mmd_test(before, after, alpha=self.alpha, floor=self.floor)
