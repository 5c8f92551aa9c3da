"""What a pull is: one read of a dataset's source."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from meguru.datasets.position import SourcePosition


class PullState(StrEnum):
    """Where a pull stands; the last three are final. `EMPTY`: there was nothing new, so no new version."""

    RUNNING = "running"
    DONE = "done"
    EMPTY = "empty"
    FAILED = "failed"


class DatasetPull(msgspec.Struct, frozen=True, kw_only=True):
    """One read of a dataset's source: who asked and why, what came of it.

    `full` reads everything again; `evolve` takes another schema, and fewer rows than there were. `rows`
    counts the rows that were looked at, `added` those that the version has of it, `version` is the one that
    was made, or that is still the newest.
    """

    id: str
    dataset: str
    state: PullState
    asked_at: datetime
    asked_by: str
    note: str = ""
    full: bool = False
    evolve: bool = False
    finished_at: datetime | None = None
    version: int = 0
    rows: int = 0
    added: int = 0
    position: str = ""
    error: str = ""
    hint: str = ""
    job: str = ""


class DatasetSourceState(msgspec.Struct, frozen=True, kw_only=True):
    """Where a dataset's source stands.

    `address` has no secrets in it. `version` is the newest one, and `position` how far the source was read
    for it. `next_at` is when it is read by itself; None: never. `failures` counts the reads that failed since
    the last good one.
    """

    dataset: str
    address: str
    mode: str
    schedule: str
    watermark: str
    version: int
    position: str
    next_at: datetime | None
    failures: int
    last: DatasetPull | None = None


class VersionPosition(msgspec.Struct, frozen=True, kw_only=True):
    """How far the source was read for a version; None: it is of no source."""

    ref: str
    position: SourcePosition | None = None


class SourceTurn(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table `dataset_source`; see there."""

    name: str
    next_at: datetime | None = None
    failures: int = 0
    pull: str = ""
    version_digest: str = ""
    position: SourcePosition | None = None
