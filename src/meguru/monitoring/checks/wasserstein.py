"""The Wasserstein distance of each numeric column, against the data the live model was trained on."""

from __future__ import annotations

from typing import ClassVar

from meguru.monitoring.checks.column_drift import ColumnDriftCheck


class WassersteinDrift(ColumnDriftCheck, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "wasserstein", "floor": 0.1, "alpha": 0.01}``: over 1,024 bins.

    `floor` is how far values have to move to be worth an alarm, in standard deviations of the baseline above
    the noise; `alpha` the chance of any false alarm in a window without change. Missing values are left out.
    """

    key: ClassVar[str] = "wasserstein"

    floor: float = 0.1
