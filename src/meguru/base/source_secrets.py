"""Secrets of sources: named where they are declared, put in where a source is opened, hidden in what is told.

Whoever declares something on a server names variables that are meant for sources, ``${MEGURU_SOURCE_…}``, and
no others. Who reads for themselves, in their own process, may name any of theirs (``${env:NAME}``) and files
(``${file:PATH}``) too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from meguru.base.secret_refs import open_secret
from meguru.base.server_variables import SOURCES
from meguru.errors import InvalidInput, masked

_HIDDEN = "***"
_MIN_HIDDEN = 4
_OWN = re.compile(r"\$\{((?:env|file):[^}]{1,500})\}")


class Secrets:
    """Puts in what references stand for, and takes it out of what is told.

    Parameters
    ----------
    own
        Whether the caller's own variables and files may be named too.
    environment
        Where variables are looked up; this process's by default.
    """

    def __init__(self, *, own: bool = False, environment: Mapping[str, str] | None = None) -> None:
        self.own, self._environment = own, environment
        self._known: set[str] = set()

    def open(self, text: str, field: str, *, quoted: bool = False) -> str:
        """Return `text` with the variables' values in it; see `VariableReferences.fill`."""

        def written(value: str) -> str:
            self._known |= {value, quote(value, safe="")}
            return quote(value, safe="") if quoted else value

        if self.own:
            text = _OWN.sub(lambda found: written(open_secret(found[1], self._environment)), text)
        return SOURCES.fill(text, field=field, environment=self._environment, written=written)

    def open_url(self, url: str, field: str) -> str:
        """Return `url` with the variables' values in it; in user and password written as URLs have them."""
        scheme, mark, rest = url.partition("://")
        place, slash, path = rest.partition("/")
        user, at, host = place.rpartition("@")
        parts = [self.open(each, field, quoted=True) for each in _user_and_password(user)] if at else []
        return f"{scheme}{mark}{':'.join(parts)}{at}{self.open(host + slash + path, field)}"

    def check_url(self, url: str, field: str) -> None:
        """Refuse a URL with a password that is written out, or with variables that are not for sources."""
        rest = _OWN.sub("", url) if self.own else url
        SOURCES.check(rest, field=field)
        try:
            password = urlsplit(SOURCES.without(rest)).password
        except ValueError:
            # Its own words may repeat a part of the password.
            raise InvalidInput("this is no URL", field=field) from None
        if password:
            raise InvalidInput(
                "a password does not belong into a URL: it is given by reference",
                why="what is declared is kept in the log; what is typed, in the shell's history",
                hint=f"write ${{{SOURCES.prefix}…}} in its place, a variable where it is read"
                + (", ${env:NAME} or ${file:PATH}" if self.own else ""),
                field=field,
            )

    def hide(self, text: str) -> str:
        """Return `text` without what was put in, and without passwords of URLs."""
        # The longest first: a value that is a part of another would else leave the rest of it. Very short
        # ones would blot out half of each message.
        for value in sorted(self._known, key=len, reverse=True):
            if len(value) >= _MIN_HIDDEN:
                text = text.replace(value, _HIDDEN)
        return masked(text)


def _user_and_password(text: str) -> list[str]:
    """Part a user from a password; the colons within references part nothing."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "{") - (letter == "}")
        if letter == ":" and not depth:
            return [text[:place], text[place + 1 :]]
    return [text]


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
    Secrets().check_url(url, field)
