"""A project as it is listed, and who has a role in it."""

from __future__ import annotations

from datetime import datetime

import msgspec


class ProjectRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A project; the default one is called ``default`` and was always there."""

    name: str
    description: str
    created_at: datetime | None = None
    created_by: str = ""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A principal's role in one project."""

    project: str
    principal: str
    role: str
    since: datetime
