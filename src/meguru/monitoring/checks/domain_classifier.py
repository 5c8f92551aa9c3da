"""Whether a classifier can tell rows that came from rows that the live model was trained on, and by what."""

from __future__ import annotations

from typing import ClassVar

from meguru.errors import InvalidInput
from meguru.monitoring.checks.joint_drift import JointDriftCheck
from meguru.stats.drift.domain_classifier import domain_classifier_test
from meguru.stats.drift.encoding import EncodedRows
from meguru.stats.drift.result import DriftResult


class DomainClassifier(JointDriftCheck, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "domain_classifier", "floor": 0.05, "alpha": 0.01}``: by gradient boosted trees.

    `floor` is how far above a half the AUC has to be to be worth an alarm; `alpha` the chance of a false one.
    Up to 4,000 rows a side are compared. It needs scikit-learn where monitors run.
    """

    key: ClassVar[str] = "domain_classifier"
    label: ClassVar[str] = "AUC of a classifier"

    floor: float = 0.05

    def check(self) -> None:
        """Refuse a floor that no AUC lies above, and an alpha that is no probability."""
        JointDriftCheck.check(self)
        if self.floor >= 0.5:
            raise InvalidInput("no AUC lies so far above a half", field="floor", why=f"it is {self.floor:g}")

    def compare(self, rows: EncodedRows) -> DriftResult:
        """Let a classifier tell the two sets apart."""
        return domain_classifier_test(
            rows.reference, rows.current, alpha=self.alpha, floor=self.floor, names=rows.names
        )
