"""Tests of whether a series changed, one value after the other: one file a test."""

from meguru.stats.streams.adwin import Adwin
from meguru.stats.streams.page_hinkley import PageHinkley

__all__ = ["Adwin", "PageHinkley"]
