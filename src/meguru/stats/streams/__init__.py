"""Online change detection: tests that are fed a series value by value; one file a test."""

from meguru.stats.streams.adwin import Adwin
from meguru.stats.streams.page_hinkley import PageHinkley

__all__ = ["Adwin", "PageHinkley"]
