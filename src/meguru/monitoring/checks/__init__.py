"""The checks a monitor can make: one file a check."""

from meguru.base.plugins import PluginFamily
from meguru.monitoring.checks.base import MonitorCheck

CHECKS = PluginFamily(
    "check",
    {
        "calibration": "meguru.monitoring.checks.calibration:CalibrationCheck",
        "chi_square": "meguru.monitoring.checks.chi_square:ChiSquareDrift",
        "jensen_shannon": "meguru.monitoring.checks.jensen_shannon:JensenShannonDrift",
        "psi": "meguru.monitoring.checks.psi:Psi",
        "estimate": "meguru.monitoring.checks.estimate:EstimatedPerformance",
        "fairness": "meguru.monitoring.checks.fairness:GroupFairness",
        "ks": "meguru.monitoring.checks.ks:Ks",
        "schema": "meguru.monitoring.checks.schema:Schema",
        "nulls": "meguru.monitoring.checks.nulls:Nulls",
        "ranges": "meguru.monitoring.checks.ranges:Ranges",
        "new_categories": "meguru.monitoring.checks.new_categories:NewCategories",
        "constant": "meguru.monitoring.checks.constant:ConstantColumn",
        "freshness": "meguru.monitoring.checks.freshness:WindowFreshness",
        "volume": "meguru.monitoring.checks.volume:WindowVolume",
        "performance": "meguru.monitoring.checks.performance:Performance",
        "business": "meguru.monitoring.checks.business:BusinessCheck",
        "service": "meguru.monitoring.checks.service:ServiceCheck",
        "cost": "meguru.monitoring.checks.cost:CostCheck",
        "wasserstein": "meguru.monitoring.checks.wasserstein:WassersteinDrift",
        "drift": "meguru.monitoring.checks.drift:ColumnsDrift",
        "adwin": "meguru.monitoring.checks.adwin:AdwinChange",
        "page_hinkley": "meguru.monitoring.checks.page_hinkley:PageHinkleyShift",
        "mmd": "meguru.monitoring.checks.mmd:Mmd",
        "domain_classifier": "meguru.monitoring.checks.domain_classifier:DomainClassifier",
    },
)

__all__ = ["CHECKS", "MonitorCheck"]
