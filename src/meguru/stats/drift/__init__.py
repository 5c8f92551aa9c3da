"""Tests of whether a distribution changed: one file a test.

Each compares values or counts over a stored baseline's bins alike; those of vectors look at all dimensions
together.
"""

from meguru.base.plugins import PluginFamily
from meguru.stats.drift.base import DriftTest
from meguru.stats.drift.chi_square import chi_square_test
from meguru.stats.drift.energy import energy_test
from meguru.stats.drift.jensen_shannon import jensen_shannon_test
from meguru.stats.drift.ks import ks_distance, ks_distance_of_values, ks_test
from meguru.stats.drift.psi import psi, psi_test
from meguru.stats.drift.result import DriftResult
from meguru.stats.drift.sample import BinnedValues, CategoryCounts, SampledValues, TwoSides, two_sides

TESTS = PluginFamily(
    "drift test",
    {
        "chi_square": "meguru.stats.drift.chi_square:ChiSquare",
        "jensen_shannon": "meguru.stats.drift.jensen_shannon:JensenShannon",
        "ks": "meguru.stats.drift.ks:KolmogorovSmirnov",
        "psi": "meguru.stats.drift.psi:PopulationStability",
        "wasserstein": "meguru.stats.drift.wasserstein:Wasserstein",
    },
)
JOINT_TESTS = PluginFamily(
    "joint drift test",
    {
        "domain_classifier": "meguru.stats.drift.domain_classifier:domain_classifier_test",
        "energy": "meguru.stats.drift.energy:energy_test",
        "mmd": "meguru.stats.drift.mmd:mmd_test",
    },
)
"""Functions of two sets of vectors, shapes (n, d) and (m, d): with `alpha`, `floor` and `seed`."""

__all__ = [
    "JOINT_TESTS",
    "TESTS",
    "BinnedValues",
    "CategoryCounts",
    "DriftResult",
    "DriftTest",
    "SampledValues",
    "TwoSides",
    "chi_square_test",
    "energy_test",
    "jensen_shannon_test",
    "ks_distance",
    "ks_distance_of_values",
    "ks_test",
    "psi",
    "psi_test",
    "two_sides",
]
