"""What a run asks people, and what becomes of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class ApprovalState(StrEnum):
    """Where a question stands; `expired` counts as refused."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    EXPIRED = "expired"


class PipelineApproval(msgspec.Struct, frozen=True, kw_only=True):
    """A question that a run asked: what is `shown` with it, by name, has the `digest` that is answered."""

    run: str
    step: str
    pipeline: str
    question: str
    shown: dict[str, str]
    digest: str
    asked_at: datetime
    state: ApprovalState = ApprovalState.OPEN
    by: str | None = None
    four_eyes: bool = False
    deadline: datetime | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    note: str = ""
