"""Offline: the rows of views over pinned data, and training sets that are right about time."""
