"""Statuses of values that were read online."""

from enum import StrEnum


class ValueState(StrEnum):
    """Whether a value is there, and why not.

    ``NULL_VALUE``: the row is there, without this value. ``OUTSIDE_MAX_AGE``: the newest row is older than
    the view's ttl. ``LAST_KNOWN`` and ``DEFAULT`` stand in, as the view says, while the store is away.
    """

    PRESENT = "PRESENT"
    NULL_VALUE = "NULL_VALUE"
    NOT_FOUND = "NOT_FOUND"
    OUTSIDE_MAX_AGE = "OUTSIDE_MAX_AGE"
    LAST_KNOWN = "LAST_KNOWN"
    DEFAULT = "DEFAULT"
