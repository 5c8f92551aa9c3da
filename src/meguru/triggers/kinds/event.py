"""Wake on any event, by patterns of its type and its subject."""

from __future__ import annotations

import re
from datetime import datetime
from fnmatch import fnmatchcase
from typing import ClassVar
from zoneinfo import ZoneInfo

import msgspec

from meguru.errors import InvalidInput
from meguru.kernel.events import Event
from meguru.kernel.operations import Context

_TYPE = re.compile(r"[a-z_*?]+(\.[a-z_*?]+)?")


class ByEvents(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all kinds that are driven by events have in common: nothing is due by the calendar."""

    names: ClassVar[dict[str, tuple[str, str]]] = {}
    about: ClassVar[str | None] = None
    zone: ClassVar[ZoneInfo] = ZoneInfo("UTC")
    catch_up: ClassVar[str] = "none"

    def next_due(self, after: datetime) -> datetime | None:
        """Return None: an event decides."""
        del after
        return None

    def due_between(self, first: datetime, last: datetime) -> list[datetime]:
        """Return nothing: an event decides."""
        del first, last
        return []

    def may_match(self, type: str) -> bool:
        """Return True: a kind that can tell by the type spares the server the reading of others."""
        del type
        return True


class OnEvent(ByEvents, frozen=True, kw_only=True):
    """``{"event": "model_version.registered", "subject": "model/delay*"}``; ``*`` stands for any text.

    What triggers themselves do matches only a type that starts with ``trigger.``.
    """

    key: ClassVar[str] = "event"

    event: str
    subject: str = "*"

    @property
    def about(self) -> str | None:  # type: ignore[override]
        """What stands before the version in the pattern of the subject, if that holds for all that match."""
        thing, at, _ = self.subject.partition("@")
        is_one = not any(each in (thing if at else self.subject) for each in "*?[")
        return thing if is_one else None

    def check(self, ctx: Context) -> None:
        """Refuse a pattern that no event type can match."""
        del ctx
        if not _TYPE.fullmatch(self.event):
            raise InvalidInput(
                f"{self.event[:100]!r} matches no event",
                why="event types look like model_version.registered; * stands for any text",
                field="on.event",
            )

    def may_match(self, type: str) -> bool:
        """Compare the type with its pattern."""
        if type.startswith("trigger.") and not self.event.startswith("trigger."):
            return False
        return fnmatchcase(type, self.event)

    def matches(self, event: Event) -> bool:
        """Compare type and subject with the patterns."""
        return self.may_match(event.type) and fnmatchcase(event.subject, self.subject)
