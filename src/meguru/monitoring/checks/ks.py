"""The Kolmogorov-Smirnov distance of each numeric column, against the data the live model was trained on."""

from __future__ import annotations

from typing import ClassVar

from meguru.errors import InvalidInput
from meguru.monitoring.checks.column_drift import ColumnDriftCheck


class Ks(ColumnDriftCheck, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "ks", "floor": 0.05, "alpha": 0.01}``: over 1,024 bins; missing values are left out.

    `floor` is the distance above the noise that is worth an alarm; `alpha` the chance of any false alarm in
    a window without change.
    """

    key: ClassVar[str] = "ks"

    floor: float = 0.05

    def check(self) -> None:
        """Refuse a floor that no distance lies above, and an alpha that is no probability."""
        ColumnDriftCheck.check(self)
        check_share(self.floor)


def check_share(floor: float) -> None:
    """Refuse a floor that no distance between 0 and 1 lies above."""
    if floor >= 1:
        raise InvalidInput(
            "no distance lies above this floor", field="floor", why=f"it is {floor:g}, and 1 is all"
        )
