"""References: how one thing names another, ``kind/name@version``."""

from __future__ import annotations

from typing import NamedTuple

from meguru.base.names import normal
from meguru.errors import InvalidInput


class Ref(NamedTuple):
    """A parsed reference; `version` is None when the thing has none or it was left out."""

    kind: str
    name: str
    version: str | None = None

    def __str__(self) -> str:
        return make(self.kind, self.name, self.version)


def make(kind: str, name: str, version: int | str | None = None) -> str:
    """Write a reference."""
    return f"{kind}/{name}" if version is None else f"{kind}/{name}@{version}"


def parse(text: str, *, kind: str | None = None) -> Ref:
    """Read a reference; with `kind`, a bare ``name@version`` is read as one of that kind.

    Its parts are in the spelling that is kept (NFC).

    Raises
    ------
    InvalidInput
        If `text` is not a reference, or is one of another kind.
    """
    head, at, version = normal(text).partition("@")
    found, slash, name = head.partition("/")
    if not slash:
        found, name = kind or "", head
    if not found or not name or (at and not version):
        raise InvalidInput(
            f"{text[:200]!r} is not a reference", hint="write kind/name@version, as in model/churn@3"
        )
    if kind is not None and found != kind:
        raise InvalidInput(f"{text[:200]!r} refers to a {found}, but a {kind} is wanted here")
    return Ref(found, name, version or None)
