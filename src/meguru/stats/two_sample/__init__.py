"""Tests of whether two samples of one column come from one distribution: one file a test.

They look at the values themselves, of any two samples; `stats.drift` compares counts over the bins of a
stored profile.
"""

from meguru.base.plugins import PluginFamily
from meguru.stats.two_sample.base import Sample, SampleComparison, TwoSampleTest

TESTS = PluginFamily(
    "two sample test",
    {
        "chi_square": "meguru.stats.two_sample.chi_square:ChiSquare",
        "jensen_shannon": "meguru.stats.two_sample.jensen_shannon:JensenShannon",
        "ks": "meguru.stats.two_sample.ks:KolmogorovSmirnov",
        "psi": "meguru.stats.two_sample.psi:PopulationStability",
        "wasserstein": "meguru.stats.two_sample.wasserstein:Wasserstein",
    },
)

__all__ = ["TESTS", "Sample", "SampleComparison", "TwoSampleTest"]
