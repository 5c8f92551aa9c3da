"""A trigger in a project file: lengths of time as people write them, and holidays from a file beside it."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from meguru.base.durations import seconds
from meguru.errors import InvalidInput
from meguru.triggers.types import TriggerBudget

MAX_BYTES = 1_000_000
_LENGTHS = ("debounce", "debounce_max", "cooldown")
_DATE = re.compile(r"^(?:DTSTART[^:\n]*:)?(\d{4})-?(\d{2})-?(\d{2})", re.MULTILINE)


class TriggerSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[trigger.NAME]``: the fields of a trigger's spec, with ``cooldown = "1h"`` for 3600."""

    on: dict[str, Any]
    action: dict[str, Any]
    filter: str = ""
    key: str = ""
    debounce: float | str = 0.0
    debounce_max: float | str | None = None
    cooldown: float | str = 0.0
    max_per_day: int | None = None
    budget: TriggerBudget | None = None
    note: str = ""


def prepare(root: Path, name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the spec that ``[trigger.NAME]`` means.

    Raises
    ------
    InvalidInput
        If a length of time can't be read, or a file of holidays is not there or has none.
    """
    del name
    lengths = {
        field: seconds(value, field=field)
        for field in _LENGTHS
        if isinstance(value := fields.get(field), str)
    }
    on = fields.get("on")
    return fields | lengths | ({"on": with_holidays(root, on)} if isinstance(on, dict) else {})


def with_holidays(root: Path, on: dict[str, Any]) -> dict[str, Any]:
    """Return when a trigger wakes, with the dates of the files of holidays that it names."""
    given = on.get("holidays")
    parts = [given] if isinstance(given, str) else given
    if not isinstance(parts, list) or not any(isinstance(part, str) and "." in part for part in parts):
        return on
    found = [read_holidays(root, part) if "." in str(part) else [part] for part in parts]
    return on | {"holidays": [day for days in found for day in days]}


def read_holidays(root: Path, file: str) -> list[str]:
    """Return the dates of a file: one a line, ``#`` begins a remark; or an iCalendar's days.

    It must lie in the folder `root`, or below it.
    """
    path = (root / file).resolve()
    if not path.is_relative_to(root.resolve()):
        raise InvalidInput(f"{file} is outside of the project's folder", field="on.holidays")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InvalidInput(f"{file} has more than {MAX_BYTES:,} bytes", field="on.holidays")
        text = path.read_text(encoding="utf-8")
        found = sorted({date(*map(int, each)).isoformat() for each in _DATE.findall(text)})
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{file} can't be read", why=str(error), field="on.holidays") from error
    if not found:
        raise InvalidInput(f"{file} has no dates", hint="one a line: 2026-12-31", field="on.holidays")
    return found
