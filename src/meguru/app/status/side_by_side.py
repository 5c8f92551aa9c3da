"""The same things in several environments, side by side, and what differs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from meguru.app import calls
from meguru.app.status.digests import DigestLine
from meguru.errors import MeguruError


class ComparedThing(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in each environment where it runs; it `differs` if the digests do, or it is not in all."""

    what: str
    by: dict[str, DigestLine]
    differs: bool


class EnvironmentsCompared(msgspec.Struct, frozen=True, kw_only=True):
    """Environments side by side; `unreached` says of some why they could not be asked."""

    environments: list[str]
    things: list[ComparedThing]
    unreached: dict[str, str] = {}

    @property
    def differs(self) -> list[str]:
        """What is not the same in all environments that were asked."""
        return [thing.what for thing in self.things if thing.differs]


def compare(doors: Mapping[str, Callable[[], Any]]) -> EnvironmentsCompared:
    """Ask each environment what runs there; those that do not answer are told, and left out.

    Parameters
    ----------
    doors
        By name, what opens the workspace of an environment: a context manager.
    """
    said: dict[str, dict[str, DigestLine]] = {}
    unreached: dict[str, str] = {}
    for name, open_door in doors.items():
        try:
            with open_door() as ws:
                said[name] = {line.what: line for line in all_digests(ws)}
        except MeguruError as error:
            unreached[name] = f"{error.what} ({error.why})" if error.why else error.what
    return EnvironmentsCompared(environments=list(doors), things=side_by_side(said), unreached=unreached)


def all_digests(ws: Any) -> Iterator[DigestLine]:
    """Yield what runs in one environment, page by page."""
    page = calls.status_digests(ws)
    yield from page.items
    while page.next_cursor:
        page = calls.status_digests(ws, cursor=page.next_cursor)
        yield from page.items


def side_by_side(said: Mapping[str, Mapping[str, DigestLine]]) -> list[ComparedThing]:
    """Return each thing with what runs of it in each environment."""
    whats = sorted({what for lines in said.values() for what in lines}, key=_order)
    found = []
    for what in whats:
        by = {name: lines[what] for name, lines in said.items() if what in lines}
        digests = {each.digest for each in by.values()}
        found.append(ComparedThing(what=what, by=by, differs=len(digests) > 1 or len(by) < len(said)))
    return found


def _order(what: str) -> tuple[str, str]:
    kind, _, name = what.partition("endpoint/")
    return (name, kind)
