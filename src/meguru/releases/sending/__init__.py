"""Releases that go from one environment to another, by digest: nothing is built anew."""
