"""What a column looked like: the baseline that later windows are compared with."""

from meguru.stats.profile.categorical import CategoricalProfile
from meguru.stats.profile.columns import (
    ColumnProfile,
    TableProfile,
    profile_column,
    profile_frame,
    read_profile,
    tally_column,
)
from meguru.stats.profile.counts import ColumnCounts
from meguru.stats.profile.numeric import NumericProfile
from meguru.stats.profile.times import TimeProfile

__all__ = [
    "CategoricalProfile",
    "ColumnCounts",
    "ColumnProfile",
    "NumericProfile",
    "TableProfile",
    "TimeProfile",
    "profile_column",
    "profile_frame",
    "read_profile",
    "tally_column",
]
