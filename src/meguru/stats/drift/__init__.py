"""Tests of whether a column's distribution changed: one file a test."""

from meguru.stats.drift.energy import energy_test
from meguru.stats.drift.ks import ks_distance, ks_distance_of_values, ks_test
from meguru.stats.drift.psi import psi, psi_test
from meguru.stats.drift.result import DriftResult

__all__ = ["DriftResult", "energy_test", "ks_distance", "ks_distance_of_values", "ks_test", "psi", "psi_test"]
