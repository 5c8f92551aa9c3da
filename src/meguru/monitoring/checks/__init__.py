"""The checks a monitor can make: one file a check."""

from meguru.base.plugins import PluginFamily
from meguru.monitoring.checks.base import MonitorCheck

CHECKS = PluginFamily(
    "check",
    {
        "psi": "meguru.monitoring.checks.psi:Psi",
        "ks": "meguru.monitoring.checks.ks:Ks",
        "nulls": "meguru.monitoring.checks.nulls:Nulls",
        "performance": "meguru.monitoring.checks.performance:Performance",
    },
)

__all__ = ["CHECKS", "MonitorCheck"]
