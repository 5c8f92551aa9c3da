"""An upload in parts, as it is kept."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

MAX_PARTS = 10_000
LIFETIME = timedelta(hours=24)
"""So long after it was declared, an upload that was not completed is swept with all its parts."""


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """What was declared: where the file goes once its `parts` are there; `digest` is the completed file's."""

    id: str
    target: str
    parts: int
    principal: str
    created_at: datetime
    expires_at: datetime
    digest: str = ""


class UploadPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part that is there."""

    number: int
    digest: str
    size: int

    @property
    def name(self) -> str:
        """What it is called beside the other parts; other bytes of the same number have another name."""
        return f"{self.number:05d}-{self.digest}"
