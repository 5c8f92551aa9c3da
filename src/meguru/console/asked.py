"""What a page's address asks for, checked."""

from __future__ import annotations

from meguru.console.visit import Visit
from meguru.errors import InvalidInput

DIGITS = 18


def number_before(visit: Visit) -> int | None:
    """Return the number in ``?before=``, where a window of a list starts; None when there is none."""
    text = visit.asked("before")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > DIGITS:
        raise InvalidInput(
            f"a list can't start before {text[:40]!r}", why="a number is wanted", field="before"
        )
    return int(text)
