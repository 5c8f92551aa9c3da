"""What a collection is, and what one made."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from meguru.collections.kind import CollectionSpec


class Collection(CollectionSpec, frozen=True, kw_only=True):
    """A collection as declared, by whom and when."""

    name: str
    declared_at: datetime
    declared_by: str


class Collected(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the outcomes of an endpoint.

    Attributes
    ----------
    version
        The dataset's version that holds them; empty when there were none.
    outcomes
        Rows of this endpoint in it.
    changes
        How often outcomes were recorded, corrected, excluded or readmitted since the collection before; 0
        when nothing was, and then there is no new version.
    """

    endpoint: str
    dataset: str
    version: str = ""
    outcomes: int = 0
    changes: int = 0


class CollectedState(msgspec.Struct, frozen=True, kw_only=True):
    """What of an endpoint is in a dataset; `number` counts the collections."""

    rule: str
    number: int
    version: str
    at: datetime


class DayFile(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of one day's requests as a file; see `schema.collected_day`."""

    day: str
    changes: int
    digest: str = ""
    size: int = 0
    rows: int = 0


class CollectionRule(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows are collected, and what their outcome is called."""

    label: str
    only: dict[str, Any] = {}
