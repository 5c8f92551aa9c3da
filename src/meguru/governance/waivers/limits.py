"""How long a waiver may last, and what may be said of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from meguru.errors import InvalidInput

MAX_TEXT = 4000


def check_reason(reason: str, *, field: str = "reason") -> str:
    """Return a reason; InvalidInput if there is none, or it is a book."""
    said = reason.strip()
    if not said:
        raise InvalidInput("say why", field=field, why="a waiver without a reason is none")
    if len(said) > MAX_TEXT:
        raise InvalidInput(f"the {field} is too long", field=field, why=f"up to {MAX_TEXT:,} characters")
    return said


def check_end(until: datetime, now: datetime, most_days: int) -> datetime:
    """Return when a waiver is to end; InvalidInput if that is over, or further away than the policy lets."""
    if until <= now:
        raise InvalidInput("a waiver ends in the future", field="until", why=f"{until:%Y-%m-%d} is over")
    last = now + timedelta(days=most_days)
    if until > last:
        raise InvalidInput(
            f"a waiver lasts at most {most_days} days",
            field="until",
            why=f"{until:%Y-%m-%d} is further away",
            hint=f"--until {last:%Y-%m-%d}",
        )
    return until
