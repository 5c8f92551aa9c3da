"""The Jensen-Shannon distance of each column, against the data the live model was trained on."""

from __future__ import annotations

from typing import ClassVar

from meguru.monitoring.checks.column_drift import ColumnDriftCheck
from meguru.monitoring.checks.ks import check_share


class JensenShannonDrift(ColumnDriftCheck, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "jensen_shannon", "floor": 0.05, "alpha": 0.01}``: to the base two.

    `floor` is the distance above the noise that is worth an alarm; `alpha` the chance of any false alarm in
    a window without change. Over 32 bins, or categories; missing values are left out.
    """

    key: ClassVar[str] = "jensen_shannon"

    floor: float = 0.05

    def check(self) -> None:
        """Refuse a floor that no distance lies above, and an alpha that is no probability."""
        ColumnDriftCheck.check(self)
        check_share(self.floor)
