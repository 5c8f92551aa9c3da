"""Secrets of sources, by reference: ``${MEGURU_SOURCE_NATS}`` is a variable of the server's environment.

Only those that begin so can be meant: who declares a trigger also says where what it holds is sent to.
"""

from __future__ import annotations

import os
import re
from urllib.parse import quote, urlsplit

from meguru.errors import Conflict, InvalidInput, masked

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
PREFIX = "MEGURU_SOURCE_"
_HIDDEN = "***"
_SHORT = 4


class Secrets:
    """Puts in what references stand for, and takes it out of what is told."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def open(self, text: str, field: str) -> str:
        """Return `text` with the variables' values in it.

        Raises
        ------
        InvalidInput
            If a variable is none for sources.
        Conflict
            If a variable is not set where this runs.
        """
        check_references(text, field)

        def value(found: re.Match[str]) -> str:
            held = os.environ.get(found[1])
            if held is None:
                raise Conflict(
                    f"the variable {found[1]} is not set in the server's environment",
                    where=field,
                    hint=f"start the server with {found[1]}",
                )
            if held:
                self._known |= {held, quote(held, safe="")}
            return held

        return _REFERENCE.sub(value, text)

    def open_url(self, url: str, field: str) -> str:
        """Return `url` with the variables' values in it; in user and password written as URLs have them."""
        scheme, mark, rest = url.partition("://")
        place, slash, path = rest.partition("/")
        user, at, host = place.rpartition("@")
        parts = [self._quoted(each, field) for each in user.split(":", 1)] if at else []
        return f"{scheme}{mark}{':'.join(parts)}{at}{self.open(host + slash + path, field)}"

    def _quoted(self, part: str, field: str) -> str:
        """Return a part of a URL with what references stand for; the rest is quoted by who wrote it."""
        return _REFERENCE.sub(lambda found: quote(self.open(found[0], field), safe=""), part)

    def hide(self, text: str) -> str:
        """Return `text` without what was put in, and without passwords of URLs."""
        for value in sorted(self._known, key=len, reverse=True):
            if len(value) >= _SHORT:
                text = text.replace(value, _HIDDEN)
        return masked(text)


def check_references(text: str, field: str) -> None:
    """Refuse references to variables that are not for sources."""
    for name in _REFERENCE.findall(text):
        if not name.startswith(PREFIX):
            raise InvalidInput(
                f"${{{name}}} can't be used in a trigger",
                why=f"only variables that begin with {PREFIX} are for sources",
                hint=f"call it {PREFIX}… where the server runs",
                field=field,
            )


def check_secret(text: str, field: str) -> None:
    """Refuse a secret that is written out: what is declared is in the log, and in files that people share."""
    check_references(text, field)
    if _REFERENCE.sub("", text) or not text:
        raise InvalidInput(
            "a secret is given by reference",
            why="what is declared is kept in the log",
            hint="set a variable where the server runs, and write ${MEGURU_SOURCE_…}",
            field=field,
        )


def check_url(url: str, field: str) -> None:
    """Refuse a URL with a password that is written out, or with variables that are not for sources."""
    check_references(url, field)
    try:
        password = urlsplit(_REFERENCE.sub("", url)).password
    except ValueError as error:
        raise InvalidInput(f"this is no URL: {error}", field=field) from error
    if password:
        raise InvalidInput(
            "a password is given by reference",
            why="what is declared is kept in the log",
            hint="set a variable where the server runs, and write ${MEGURU_SOURCE_…} in its place",
            field=field,
        )
