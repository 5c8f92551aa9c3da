"""When a policy lets releases go live: its windows and freezes."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from meguru.base.hours import read_hours, zone_of
from meguru.errors import InvalidInput
from meguru.governance.release_policies.kind import PolicyFreeze, ReleasePolicySpec


def closed(spec: ReleasePolicySpec, at: datetime) -> str:
    """Return why nothing goes live at a moment, and from when on; empty when something may.

    Parameters
    ----------
    spec
        The policy.
    at
        The moment, in any zone.
    """
    zone = zone_of(spec.zone)
    for freeze in spec.freezes:
        start, end = ends_of(freeze, zone)
        if start <= at < end:
            why = f": {freeze.why}" if freeze.why else ""
            return f"it is frozen from {freeze.since} until {freeze.until}{why}"
    hours = [found for text in spec.hours if (found := read_hours(text))]
    if not hours or any(hour.holds(at) for hour in hours):
        return ""
    opens = min(hour.next_start(at) for hour in hours)
    said = " and ".join(spec.hours)
    return f"it is outside of {said}, which begins next at {opens:%Y-%m-%d %H:%M} UTC"


def ends_of(freeze: PolicyFreeze, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return when a freeze begins and when it is over.

    Raises
    ------
    InvalidInput
        If one of both is no day and no moment, or it would be over before it begins.
    """
    start = _parse_moment(freeze.since, zone, "from", last=False)
    end = _parse_moment(freeze.until, zone, "until", last=True)
    if end <= start:
        raise InvalidInput("a freeze ends after it begins", field="until", why=f"from {freeze.since}")
    return start, end


def _parse_moment(text: str, zone: ZoneInfo, field: str, *, last: bool) -> datetime:
    try:
        if len(text.strip()) <= len("2026-12-24"):
            day = date.fromisoformat(text.strip()) + timedelta(days=int(last))
            return datetime.combine(day, time(), zone)
        found = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError) as error:
        hint = "write it like 2026-12-24, or 2026-12-24T18:00+09:00"
        raise InvalidInput(f"{text[:60]!r} is no day", why=str(error), hint=hint, field=field) from None
    return found if found.tzinfo else found.replace(tzinfo=zone)
