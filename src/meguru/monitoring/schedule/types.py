"""Where a monitor that looks by itself stands, and its windows."""

from datetime import datetime

import msgspec


class WindowLook(msgspec.Struct, frozen=True, kw_only=True):
    """A window of a monitor, and how it was looked at.

    Attributes
    ----------
    due_at, late
        When it is looked at next (None: nothing is new), and whether it was looked at before.
    evaluated_at, report, partial
        When it was last, what came of it, and whether it was not full then.
    looks, error
        How often it was, and why the last look failed; empty when it did not.
    """

    start: datetime
    end: datetime
    due_at: datetime | None = None
    late: bool = False
    evaluated_at: datetime | None = None
    report: str = ""
    partial: bool = False
    looks: int = 0
    error: str = ""


class WindowsStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Where a monitor that looks by itself stands.

    Attributes
    ----------
    world
        How far event time has come at what it watches; None if nothing ever came.
    following, waits_for
        The first window that it has not looked at, and what this still lacks.
    next_at
        The next moment of its calendar; None for one that looks as soon as a window is full.
    last, due, partial
        The window looked at last, those to look at (again), and the newest that were not full.
    """

    world: datetime | None = None
    following: WindowLook | None = None
    waits_for: list[str] = []
    next_at: datetime | None = None
    last: WindowLook | None = None
    due: list[WindowLook] = []
    partial: list[WindowLook] = []
