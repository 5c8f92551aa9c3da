"""Secrets by reference: ``${MEGURU_NOTIFY_SLACK}`` is a variable of the server, read when it is used.

Only variables with the beginning that is meant for a purpose may be named: whoever declares a notification
or a trigger also says where what stands in it is sent to, and must not send what else the server knows.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping

from meguru.errors import Conflict, InvalidInput

_REFERENCE = re.compile(r"\$\{([^}]*)\}")


class VariableReferences:
    """References to the variables of one purpose, whose names begin with `prefix`."""

    def __init__(self, prefix: str, purpose: str) -> None:
        self.prefix, self.purpose = prefix, purpose
        self._name = re.compile(re.escape(prefix) + r"[A-Z0-9_]{1,80}")

    def names_in(self, text: str) -> list[str]:
        """Return the variables that a text refers to."""
        return _REFERENCE.findall(text)

    def without(self, text: str) -> str:
        """Return what a text holds beside references."""
        return _REFERENCE.sub("", text)

    def check(self, text: str, *, field: str) -> None:
        """Refuse a reference to a variable that may not be named."""
        for name in self.names_in(text):
            if not self._name.fullmatch(name):
                raise InvalidInput(
                    f"the variable {name[:80]!r} can't be named here",
                    why=f"only those that begin with {self.prefix} are for {self.purpose}",
                    hint=f"call it {self.prefix}… where the server runs",
                    field=field,
                )

    def fill(
        self,
        text: str,
        *,
        field: str = "",
        environment: Mapping[str, str] | None = None,
        written: Callable[[str], str] = str,
    ) -> str:
        """Return a text with what it refers to in its place, each value as `written` spells it.

        Raises
        ------
        InvalidInput
            If a variable may not be named.
        Conflict
            If a variable is not set where the server runs.
        """
        self.check(text, field=field)
        variables = os.environ if environment is None else environment

        def value(match: re.Match[str]) -> str:
            found = variables.get(match[1], "").strip()
            if not found:
                raise Conflict(
                    f"the variable {match[1]} is not set where the server runs",
                    where=field,
                    hint=f"set {match[1]} and start the server again",
                )
            return written(found)

        return _REFERENCE.sub(value, text)


NOTIFICATIONS = VariableReferences("MEGURU_NOTIFY_", "notifications")
SOURCES = VariableReferences("MEGURU_SOURCE_", "sources of triggers")
RESERVED = (NOTIFICATIONS.prefix, SOURCES.prefix)
"""So begin variables that stay references in project files, and that no step gets."""
