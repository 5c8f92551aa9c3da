"""Pure mathematics: profiles, drift, ranking, intervals. Libraries are loaded when they are used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meguru.stats.bootstrap import bootstrap_auc, bootstrap_difference
    from meguru.stats.delong import auc_covariance, delong_auc, delong_difference
    from meguru.stats.drift import (
        DriftResult,
        chi_square_test,
        energy_test,
        jensen_shannon_test,
        ks_distance,
        ks_distance_of_values,
        ks_test,
        psi,
        psi_test,
    )
    from meguru.stats.intervals import Interval, wilson
    from meguru.stats.profile import (
        CategoricalProfile,
        ColumnCounts,
        ColumnProfile,
        NumericProfile,
        TableProfile,
        profile_column,
        profile_frame,
        read_profile,
        tally_column,
    )

_PLACES = {
    "CategoricalProfile": "meguru.stats.profile",
    "ColumnCounts": "meguru.stats.profile",
    "ColumnProfile": "meguru.stats.profile",
    "DriftResult": "meguru.stats.drift",
    "Interval": "meguru.stats.intervals",
    "NumericProfile": "meguru.stats.profile",
    "TableProfile": "meguru.stats.profile",
    "auc_covariance": "meguru.stats.delong",
    "bootstrap_auc": "meguru.stats.bootstrap",
    "bootstrap_difference": "meguru.stats.bootstrap",
    "chi_square_test": "meguru.stats.drift",
    "delong_auc": "meguru.stats.delong",
    "delong_difference": "meguru.stats.delong",
    "energy_test": "meguru.stats.drift",
    "jensen_shannon_test": "meguru.stats.drift",
    "ks_distance": "meguru.stats.drift",
    "ks_distance_of_values": "meguru.stats.drift",
    "ks_test": "meguru.stats.drift",
    "profile_column": "meguru.stats.profile",
    "profile_frame": "meguru.stats.profile",
    "psi": "meguru.stats.drift",
    "psi_test": "meguru.stats.drift",
    "read_profile": "meguru.stats.profile",
    "tally_column": "meguru.stats.profile",
    "wilson": "meguru.stats.intervals",
}
__all__ = [
    "CategoricalProfile",
    "ColumnCounts",
    "ColumnProfile",
    "DriftResult",
    "Interval",
    "NumericProfile",
    "TableProfile",
    "auc_covariance",
    "bootstrap_auc",
    "bootstrap_difference",
    "chi_square_test",
    "delong_auc",
    "delong_difference",
    "energy_test",
    "jensen_shannon_test",
    "ks_distance",
    "ks_distance_of_values",
    "ks_test",
    "profile_column",
    "profile_frame",
    "psi",
    "psi_test",
    "read_profile",
    "tally_column",
    "wilson",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        message = f"module 'meguru.stats' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_PLACES[name]), name)
