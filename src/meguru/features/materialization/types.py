"""What is kept of a view for reading online, and the work of bringing it up to date."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from meguru.features.types import PinnedDataset


class MaterializationState(StrEnum):
    """Where the work stands; the last three are final."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL = (MaterializationState.SUCCEEDED, MaterializationState.FAILED, MaterializationState.CANCELLED)


class Materialization(msgspec.Struct, frozen=True, kw_only=True):
    """One bringing up to date of what is kept of a version of a view.

    Attributes
    ----------
    view
        The version, ``feature_view/weather@2``.
    datasets
        The versions of its sources that are brought online, by the name of the source.
    as_of
        The moment whose values are brought online: what holds or is known only later is not.
    full
        Whether all rows of the store are compared, instead of what changed since the last time.
    since
        Only values that hold from then on are brought online; None for all.
    total, done
        Rows that have to be written or taken out, and how many of them were.
    written, retracted
        Rows that were new to the store, and rows that are not true any more.
    """

    id: str
    ref: str
    view: str
    datasets: dict[str, PinnedDataset]
    as_of: datetime
    state: MaterializationState
    full: bool
    job: str
    created_at: datetime
    created_by: str
    since: datetime | None = None
    finished_at: datetime | None = None
    total: int = 0
    done: int = 0
    written: int = 0
    retracted: int = 0
    reason: str = ""


class OnlineState(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a version of a view for reading online.

    Attributes
    ----------
    stored
        What it is called in the store.
    keys, features
        Types of its keys and features, by name.
    datasets
        The versions of its sources that are online, by the name of the source.
    newest_rows
        The digest of the blob with the rows that are online, as far as they follow from these; empty before
        the first time.
    as_of, due
        The moment whose values are online, and when the next known value begins to hold.
    rows, newest
        Entities that have a row, and the newest time of one.
    at
        When it was last brought up to date.
    pushed, pushed_at
        The number of the newest frame that was pushed, and when it was.
    folded
        The number of the newest pushed frame that is in a version of the source.
    """

    view: str
    stored: str
    keys: dict[str, str]
    features: dict[str, str]
    datasets: dict[str, PinnedDataset] = {}
    newest_rows: str = ""
    as_of: datetime | None = None
    due: datetime | None = None
    rows: int = 0
    newest: datetime | None = None
    at: datetime | None = None
    pushed: int = 0
    pushed_at: datetime | None = None
    folded: int = 0
