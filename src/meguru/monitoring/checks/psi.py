"""The population stability index of each column, against the data the live model was trained on."""

from __future__ import annotations

from typing import ClassVar

from meguru.monitoring.checks.column_drift import ColumnDriftCheck


class Psi(ColumnDriftCheck, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "psi", "floor": 0.1, "alpha": 0.01}``: over deciles or categories, missing values as a bin.

    `floor` is the index that is worth an alarm; `alpha` the chance of any false alarm in a window without
    change.
    """

    key: ClassVar[str] = "psi"

    floor: float = 0.1
