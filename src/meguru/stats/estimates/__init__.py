"""How good a model is before its outcomes are known: from its own confidence, or from what it lost before."""

from meguru.stats.estimates.calibration import Calibration
from meguru.stats.estimates.cbpe import CONFIDENCE_METRICS, confidence_estimate
from meguru.stats.estimates.reliability import logistic_recalibration, reliability_groups
from meguru.stats.estimates.score_outcomes import ScoreOutcomes

__all__ = [
    "CONFIDENCE_METRICS",
    "Calibration",
    "ScoreOutcomes",
    "confidence_estimate",
    "logistic_recalibration",
    "reliability_groups",
]
