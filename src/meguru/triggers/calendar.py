"""Which moments of a calendar fire, and which are missed and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from meguru.triggers.kinds import TriggerKind
from meguru.triggers.limits import PAUSED
from meguru.triggers.types import Trigger

ON_TIME = timedelta(seconds=60)
"""A moment that is decided this much later was not missed: the server was only busy."""
MAX_MOMENTS = 100
"""After a stop, at most so many moments are caught up, and so many missed ones recorded one by one."""
NO_SERVER = "no server was running"


@dataclass(frozen=True)
class Missed:
    """A moment that does not fire; with `before`, all from it on that are earlier than that."""

    due: datetime
    before: datetime | None = None
    count: int | None = 1

    @property
    def key(self) -> str:
        """The key under which it is recorded, once."""
        return moment_key(self.due) + (f"..{self.before:%Y-%m-%dT%H:%M:%SZ}" if self.before else "")

    @property
    def evidence(self) -> dict[str, Any]:
        """What its record tells; a `count` of None means that they are too many to count."""
        return {"due": self.due} | ({"before": self.before, "count": self.count} if self.before else {})


class DueMoments(NamedTuple):
    """What becomes of the moments that have come; all of `missed` have one reason."""

    fire: list[datetime]
    missed: list[Missed]
    reason: str = ""


def moment_key(due: datetime) -> str:
    """Return the key under which a moment is decided, once."""
    return f"due:{due:%Y-%m-%dT%H:%M:%SZ}"


def plan(trigger: Trigger, kind: TriggerKind, now: datetime) -> DueMoments:
    """Decide about every moment from the trigger's `due_at` to `now`; nothing is written."""
    if trigger.due_at is None or trigger.due_at > now:
        return DueMoments([], [])
    listed = kind.due_between(trigger.due_at, now)
    if not trigger.enabled:
        fire, reason = [], PAUSED
    elif kind.catch_up == "all":
        fire, reason = listed[-MAX_MOMENTS:], f"{NO_SERVER}, and at most {MAX_MOMENTS} moments are caught up"
    else:
        # Whatever the rule for catching up: the newest moment was not missed if it is decided soon after it.
        on_time = now - listed[-1] <= ON_TIME
        fire = listed[-1:] if on_time or kind.catch_up == "latest" else []
        reason = f"{NO_SERVER}, and the rule for catching up is {kind.catch_up!r}"
    return DueMoments(fire, _missed_moments(trigger.due_at, listed, fire), reason)


def _missed_moments(first: datetime, listed: list[datetime], fire: list[datetime]) -> list[Missed]:
    left = listed[: len(listed) - len(fire)]
    single = left[-MAX_MOMENTS:]
    following = [*single, *fire][0]
    alone = [Missed(moment) for moment in single]
    if first == following:
        return alone
    # Of very many only the newest are recorded one by one; of even more, only those are known.
    count = len(left) - len(single) if first == listed[0] else None
    return [Missed(first, before=following, count=count), *alone]
