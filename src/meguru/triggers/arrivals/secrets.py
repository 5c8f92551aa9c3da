"""Secrets of sources: put in where a source is opened, and taken out of what is told."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from meguru.base.server_variables import SOURCES
from meguru.errors import InvalidInput, masked

_HIDDEN = "***"
_SHORT = 4


class Secrets:
    """Puts in what references stand for, and takes it out of what is told."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def open(self, text: str, field: str) -> str:
        """Return `text` with the variables' values in it; see `VariableReferences.fill`."""
        return SOURCES.fill(text, field=field, written=self._remembered)

    def open_url(self, url: str, field: str) -> str:
        """Return `url` with the variables' values in it; in user and password written as URLs have them."""
        scheme, mark, rest = url.partition("://")
        place, slash, path = rest.partition("/")
        user, at, host = place.rpartition("@")
        parts = [self._quoted(each, field) for each in user.split(":", 1)] if at else []
        return f"{scheme}{mark}{':'.join(parts)}{at}{self.open(host + slash + path, field)}"

    def _quoted(self, part: str, field: str) -> str:
        """Return a part of a URL with what references stand for, quoted; the rest is as it was written."""
        return SOURCES.fill(part, field=field, written=lambda value: quote(self._remembered(value), safe=""))

    def _remembered(self, value: str) -> str:
        self._known |= {value, quote(value, safe="")}
        return value

    def hide(self, text: str) -> str:
        """Return `text` without what was put in, and without passwords of URLs."""
        for value in sorted(self._known, key=len, reverse=True):
            if len(value) >= _SHORT:
                text = text.replace(value, _HIDDEN)
        return masked(text)


def check_secret(text: str, field: str) -> None:
    """Refuse a secret that is written out: what is declared is in the log, and in files that people share."""
    SOURCES.check(text, field=field)
    if SOURCES.without(text) or not text:
        raise InvalidInput(
            "a secret is given by reference",
            why="what is declared is kept in the log",
            hint=f"set a variable where the server runs, and write ${{{SOURCES.prefix}…}}",
            field=field,
        )


def check_url(url: str, field: str) -> None:
    """Refuse a URL with a password that is written out, or with variables that are not for sources."""
    SOURCES.check(url, field=field)
    try:
        password = urlsplit(SOURCES.without(url)).password
    except ValueError as error:
        raise InvalidInput(f"this is no URL: {error}", field=field) from error
    if password:
        raise InvalidInput(
            "a password is given by reference",
            why="what is declared is kept in the log",
            hint=f"set a variable where the server runs, and write ${{{SOURCES.prefix}…}} in its place",
            field=field,
        )
