"""What is found in the catalogue."""

from __future__ import annotations

from datetime import datetime

import msgspec


class CatalogueEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing: how it is in a word or two (`health`), since when, and what uses it.

    `used_by` are references of those that the reader may see, ten at most.
    """

    ref: str
    kind: str
    name: str
    description: str = ""
    owner: str = ""
    health: str = ""
    at: datetime | None = None
    used_by: list[str] = []


class FoundEntries(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, best first; `total` counts what there is besides those that are shown."""

    items: list[CatalogueEntry]
    total: int
    similar: list[str] = []
