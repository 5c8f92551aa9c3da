"""What is known of blobs: who refers to them, what they list, and in what state they are."""

from __future__ import annotations

from enum import StrEnum

import msgspec

MAX_BLOBS = 100
"""So many blobs are asked for at once."""
PLAIN = "bytes"
"""The form of a blob that refers to no others."""


class BlobReference(msgspec.Struct, frozen=True, kw_only=True):
    """A row's reference to a blob: `ref` is the thing that needs it, `part` what it is of the thing.

    `form` tells how the blob lists others (``tree``, ``dataset``), or that it lists none (``bytes``).
    """

    digest: str
    ref: str
    part: str
    form: str = PLAIN


class BlobMember(msgspec.Struct, frozen=True, kw_only=True):
    """A blob that another one lists, and under which name."""

    digest: str
    path: str
    form: str = PLAIN


class BlobState(StrEnum):
    """What a look at a blob found.

    `present` was found but not read; `unreadable` has its digest, and is not the list that it should be.
    """

    INTACT = "intact"
    PRESENT = "present"
    MISSING = "missing"
    CHANGED = "changed"
    UNREADABLE = "unreadable"

    @property
    def is_lost(self) -> bool:
        """Whether the bytes can't be had any more."""
        return self not in {BlobState.INTACT, BlobState.PRESENT}


class BlobCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one blob, and which others it lists."""

    digest: str
    form: str
    state: BlobState
    why: str = ""
    members: list[BlobMember] = []


class LostBlob(msgspec.Struct, frozen=True, kw_only=True):
    """A blob that is missing or changed, and what it takes with it: some `refs` of `ref_count`."""

    digest: str
    state: BlobState
    why: str
    refs: list[str]
    ref_count: int


class BlobReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a walk over blobs found.

    Attributes
    ----------
    references
        How many blobs rows refer to; what these list is not counted.
    looked_at
        How many of those were read, with all that they list.
    checked, present
        How many blobs were read and had their digest; how many were found but are too large for a sample.
    lost, lost_count
        The first lost blobs, and how many there are.
    complete
        Whether all were looked at.
    missed_one, missed_percent
        The chance that this sample missed a loss: of one reference, of one in a hundred (at least one).
    """

    references: int
    looked_at: int
    checked: int
    present: int
    lost: list[LostBlob]
    lost_count: int
    complete: bool
    missed_one: float
    missed_percent: float
