"""What a page's address asks for, checked."""

from __future__ import annotations

from datetime import datetime

from meguru.base import refs
from meguru.console.page_request import Visit
from meguru.errors import InvalidInput

DIGITS = 18


def number_before(visit: Visit) -> int | None:
    """Return the number in ``?before=``, where a window of a list starts; None when there is none."""
    return number_of(visit, "before")


def number_of(visit: Visit, name: str) -> int | None:
    """Return a number of the query; None when it is not given."""
    text = visit.asked(name)
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > DIGITS:
        raise InvalidInput(f"{name} can't be {text[:40]!r}", why="a number is wanted", field=name)
    return int(text)


def moment(visit: Visit, name: str) -> datetime | None:
    """Return a moment of the query, with its zone; None when it is not given."""
    text = visit.asked(name)
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = datetime.min  # noqa: DTZ901 - refused below, as it has no zone
    if found.tzinfo is None:
        why = "a moment with its zone is wanted, such as 2026-03-01T12:00:00Z"
        raise InvalidInput(f"{name} can't be {text[:40]!r}", why=why, field=name)
    return found


def wanted(visit: Visit, kind: str) -> str:
    """Return the reference of what a page shows: the path's version, ``?version=``, or the newest."""
    version = visit.request.path_params.get("version") or visit.asked("version")
    return refs.make(kind, visit.full("name"), version or None)
