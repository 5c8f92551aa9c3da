"""What versions are called beside their numbers."""

from datetime import datetime

import msgspec


class DatasetTag(msgspec.Struct, frozen=True, kw_only=True):
    """A name that somebody gave to one version."""

    name: str
    tag: str
    version: int
    created_at: datetime
    created_by: str


class DatasetBranch(msgspec.Struct, frozen=True, kw_only=True):
    """A line of versions of its own: it began at version `base`, and `latest` is its newest."""

    name: str
    branch: str
    base: int
    latest: int
    created_at: datetime
    created_by: str
