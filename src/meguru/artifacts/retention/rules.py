"""Which rule holds for what is of a project."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, select

from meguru.artifacts.retention.kind import ErasedPolicy, RetentionSpec
from meguru.artifacts.retention.schema import retention
from meguru.errors import InvalidInput

NAME = "default"
RECORDS = ("predictions", "feedback", "logs", "datasets")
_TEXT = re.compile(r"([1-9]\d{0,4})\s*([dwy])")
_DAYS = {"d": 1, "w": 7, "y": 365}
MAX_DAYS = 365 * 100


def days(text: str, *, field: str) -> int:
    """Return a length of time in whole days; a year has 365.

    Raises
    ------
    InvalidInput
        If it is none, or longer than a hundred years.

    Examples
    --------
    >>> days("26w", field="logs"), days("2y", field="logs")
    (182, 730)
    """
    match = _TEXT.fullmatch(text.strip())
    found = int(match[1]) * _DAYS[match[2]] if match else 0
    if not 0 < found <= MAX_DAYS:
        hint = "write days, weeks or years: 180d, 26w, 2y"
        raise InvalidInput(f"{text[:20]!r} is no length of time", field=field, hint=hint)
    return found


def rules(tx: Connection) -> dict[str, RetentionSpec]:
    """Return the rules by name."""
    rows = tx.execute(select(retention).order_by(retention.c.name))
    return {row.name: msgspec.convert(row.spec, RetentionSpec) for row in rows}


def rule_of(known: dict[str, RetentionSpec], project: str) -> RetentionSpec:
    """Return the rule of a project: its own, else the workspace's, else one that keeps all for ever."""
    return known.get(project) or known.get(NAME) or RetentionSpec()


def cut(known: dict[str, RetentionSpec], project: str, what: str, now: datetime) -> datetime | None:
    """Return the moment before which records of a project may go; None: never."""
    text = getattr(rule_of(known, project), what)
    return now - max(timedelta(days=days(text, field=what)), least(known, project, what)) if text else None


def least(known: dict[str, RetentionSpec], project: str, what: str) -> timedelta:
    """Return how long records must be kept by law: as the workspace's rule says, or the project's if longer.

    A rule that is shorter was refused when it was declared; but the law may be longer since.
    """
    said = [each.least for each in (known.get(project), known.get(NAME)) if each is not None]
    return timedelta(days=max((days(each[what], field=what) for each in said if what in each), default=0))


def erased_policy(tx: Connection, project: str) -> ErasedPolicy:
    """Return what becomes of rows of erased persons that are added to a project."""
    return rule_of(rules(tx), project).erased
