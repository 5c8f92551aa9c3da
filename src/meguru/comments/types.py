"""Comments as people see them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from meguru.base import refs


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said about a thing, in Markdown; empty once it was removed.

    `mentions` are the principals that it names with ``@``; `event` tells of it.
    """

    id: str
    about: str
    project: str
    author: str
    text: str
    mentions: list[str]
    reply_to: str
    created_at: datetime
    edited_at: datetime | None = None
    removed_at: datetime | None = None
    removed_by: str = ""

    @property
    def ref(self) -> str:
        """The reference of this comment."""
        return refs.make("comment", self.id)
