"""Secrets by reference: ``${MEGURU_NOTIFY_SLACK}`` is read where the server runs, when it sends.

Only variables with this beginning may be named: whoever declares a notification must not be able to read what
else stands in the server's environment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from meguru.errors import Conflict, InvalidInput

PREFIX = "MEGURU_NOTIFY_"
_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(PREFIX + r"[A-Z0-9_]{1,80}")


def names_in(text: str) -> list[str]:
    """Return the variables that a text refers to."""
    return _REFERENCE.findall(text)


def check_references(text: str, *, field: str) -> None:
    """Refuse a reference to a variable that may not be named."""
    for name in names_in(text):
        if not _NAME.fullmatch(name):
            raise InvalidInput(
                f"the variable {name[:80]!r} can't be named here",
                why=f"only those that begin with {PREFIX} are for notifications",
                hint=f"call it {PREFIX}… where the server runs",
                field=field,
            )


def resolved(text: str, environment: Mapping[str, str] | None = None) -> str:
    """Return a text with what it refers to in its place.

    Raises
    ------
    Conflict
        If a variable is not set where the server runs.
    """
    variables = os.environ if environment is None else environment

    def value(match: re.Match[str]) -> str:
        found = variables.get(match[1], "") if _NAME.fullmatch(match[1]) else ""
        if not found:
            raise Conflict(
                f"the variable {match[1]} is not set where the server runs",
                hint=f"set {match[1]} and start the server again",
            )
        return found.strip()

    return _REFERENCE.sub(value, text)
