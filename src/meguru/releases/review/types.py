"""What people decide about a release, and what becomes of that."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from meguru.base import refs
from meguru.releases.types import ReleaseDifference, ReleasePart


class ReviewDecision(StrEnum):
    """What somebody said of a release."""

    APPROVED = "approved"
    REFUSED = "refused"
    """Final for what it was said of."""
    SIGNED = "signed"
    """Afterwards: it had gone live in an emergency."""


class DecisionState(StrEnum):
    """Whether a decision counts."""

    VALID = "valid"
    VOID = "void"
    """Something changed of what it was about, or of who gave it."""
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class ReleaseApproval(msgspec.Struct, frozen=True, kw_only=True):
    """One person's decision about one digest of a release, as it is kept.

    `principal` is the account, `person` whose that is; `rights` are those by which they decided, each with
    the policy and stage. `seq` is the number of its event: the log's order counts, not a clock. `parts` is
    all that it was about, by name, and `page_digest` that of the page with it. `envelope` is the signed
    statement as JSON, `key` the fingerprint of the key that signed it, which is the server's unless
    `own_key`. `door` says by which way it came.
    """

    id: str
    endpoint: str
    version: int
    digest: str
    decision: ReviewDecision
    principal: str
    person: str
    rights: list[str]
    note: str
    at: datetime
    seq: int
    event: str
    policies: list[ReleasePart]
    page_digest: str
    parts: dict[str, str]
    envelope: str
    key: str
    own_key: bool
    door: str
    withdrawn_at: datetime | None = None
    withdrawal: str = ""

    @property
    def ref(self) -> str:
        """The reference of the release that it is about."""
        return refs.make("release", self.endpoint, self.version)


class ReviewRequest(msgspec.Struct, frozen=True, kw_only=True):
    """That people were asked about a release: for the digest, by whom, and by whom ever."""

    endpoint: str
    version: int
    digest: str
    parts: dict[str, str]
    at: datetime
    by: str
    requesters: list[str]
    note: str
    event: str
    voided: str = ""
    """What was told of as void: the digest of the parts that differed."""


class BrokenGlass(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody put a release live without what its policies ask; `people` are to sign until `due_at`."""

    endpoint: str
    version: int
    digest: str
    at: datetime
    by: str
    person: str
    reason: str
    missing: list[str]
    people: int
    due_at: datetime
    event: str
    envelope: str
    answered_at: datetime | None = None


class JudgedDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with whether it counts now, why not, and what changed since (from → to)."""

    id: str
    decision: ReviewDecision
    state: DecisionState
    why: str
    changes: list[ReleaseDifference]
    principal: str
    person: str
    rights: list[str]
    note: str
    at: datetime
    digest: str
    policies: list[ReleasePart]
    page_digest: str = msgspec.field(name="saw")
    key: str
    own_key: bool
    door: str
    event: str
    expires_at: datetime | None
    withdrawn_at: datetime | None
    envelope: dict[str, Any]


class ReleaseAuthor(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who had a part in making a release, and so can't approve it."""

    name: str
    person: str
    part: str


class StageStanding(msgspec.Struct, frozen=True, kw_only=True):
    """A turn in the order of reviewers: who agreed by now, of how many."""

    name: str
    right: str
    wanted: int
    by: list[str]

    @property
    def is_complete(self) -> bool:
        """Whether enough people agreed."""
        return len(self.by) >= self.wanted


class PolicyStanding(msgspec.Struct, frozen=True, kw_only=True):
    """A policy that is asked of a release, and what lacks."""

    policy: str
    digest: str
    stages: list[StageStanding]
    lacks: list[str]


class GlassStanding(msgspec.Struct, frozen=True, kw_only=True):
    """A broken glass: who signed by now, and whether they are late."""

    by: str
    reason: str
    at: datetime
    lacked: list[str]
    wanted: int
    signed: list[str]
    due_at: datetime
    is_overdue: bool

    @property
    def left(self) -> int:
        """How many people are still to sign."""
        return max(self.wanted - len(self.signed), 0)


class ReviewStanding(msgspec.Struct, frozen=True, kw_only=True):
    """Where a review stands.

    `lacks` is what a promotion would be refused for, empty when nothing lacks; `changes` is what changed
    since the release was checked, `clock` what is wrong with the server's clock. `requested_at` is None while
    nobody asked for the review.
    """

    release: str
    digest: str
    policies: list[PolicyStanding]
    decisions: list[JudgedDecision]
    lacks: list[str]
    changes: list[ReleaseDifference]
    authors: list[ReleaseAuthor]
    requested_at: datetime | None
    requested_by: str
    note: str
    clock: str
    glass: GlassStanding | None

    @property
    def is_satisfied(self) -> bool:
        """Whether nothing lacks."""
        return not self.lacks
