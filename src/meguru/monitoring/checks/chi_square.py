"""The chi-square test of each column of categories, against the data the live model was trained on."""

from __future__ import annotations

from typing import ClassVar

from meguru.monitoring.checks.column_drift import ColumnDriftCheck


class ChiSquareDrift(ColumnDriftCheck, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "chi_square", "floor": 0.1, "alpha": 0.01}``: shares of categories.

    `floor` is Cohen's w (0.1 is small, 0.3 medium) that is worth an alarm; `alpha` the chance of any false
    alarm in a window without change. Missing values are left out.
    """

    key: ClassVar[str] = "chi_square"

    floor: float = 0.1
