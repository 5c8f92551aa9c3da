"""Pure mathematics: profiles, drift, ranking, intervals. NumPy now, SciPy and Polars when they are used."""

from meguru.stats.auc import auc
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

__all__ = [
    "CategoricalProfile",
    "ColumnCounts",
    "ColumnProfile",
    "DriftResult",
    "Interval",
    "NumericProfile",
    "TableProfile",
    "auc",
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
