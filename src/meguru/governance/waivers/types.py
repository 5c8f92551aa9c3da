"""What a waiver is: who asked for it, who granted it, for which gate of which model, and until when."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from meguru.base import digests, refs


class WaiverState(StrEnum):
    """Where a waiver stands; only a granted one lets anything pass, and only until it expires."""

    REQUESTED = "requested"
    GRANTED = "granted"
    DENIED = "denied"
    REVOKED = "revoked"
    EXPIRED = "expired"


OPEN = (WaiverState.REQUESTED, WaiverState.GRANTED)


class WaiverSubject(msgspec.Struct, frozen=True, kw_only=True):
    """What a waiver is asked for: a gate that refused a model version at an endpoint.

    `declaration` is the gate as it was declared, `refusal` why it refused, `inputs` what it looked at, by
    reference with the digest; `authors` made the model or put the release together.
    """

    release: str
    endpoint: str
    model: str
    gate: str
    declaration: dict[str, Any]
    refusal: str
    inputs: dict[str, str] = {}
    authors: list[str] = []

    @property
    def declaration_digest(self) -> str:
        """The digest of the gate as it was declared: of another gate, or of other limits, nothing is said."""
        return digests.of_value(self.declaration)


class Waiver(msgspec.Struct, frozen=True, kw_only=True):
    """A waiver of one gate, for one model version at one endpoint.

    `used_by` is the release that went live by it, last. `warned_at` is when people were told that it
    ends soon; `event` the one that tells of its state.
    """

    id: str
    endpoint: str
    model: str
    gate: str
    declaration: dict[str, Any]
    declaration_digest: str
    inputs: dict[str, str]
    refusal: str = msgspec.field(name="said")
    release: str
    authors: list[str]
    reason: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    state: WaiverState
    event: str
    decided_by: str = ""
    decided_at: datetime | None = None
    note: str = ""
    ended_by: str = ""
    ended_at: datetime | None = None
    end_reason: str = msgspec.field(name="ended_why", default="")
    used_by: str = msgspec.field(name="leaned_on_by", default="")
    warned_at: datetime | None = None

    @property
    def ref(self) -> str:
        """The reference of this waiver."""
        return refs.make("waiver", self.id)

    @property
    def digest(self) -> str:
        """The digest of what was granted: it is under the digest of each release that leans on it."""
        asked = ("id", "endpoint", "model", "declaration_digest", "inputs", "reason", "asked_by")
        granted = ("decided_by", "note", "expires_at")
        return digests.of_value({name: getattr(self, name) for name in (*asked, *granted)})

    @property
    def is_lapsed(self) -> bool:
        """Whether it was granted once, and holds no more."""
        return self.state in (WaiverState.EXPIRED, WaiverState.REVOKED) and self.decided_at is not None

    def in_force(self, now: datetime) -> bool:
        """Tell whether it lets its gate's refusal pass at a moment."""
        if self.state is not WaiverState.GRANTED or self.decided_at is None:
            return False
        return self.decided_at <= now < self.expires_at

    def covers(self, declaration_digest: str, inputs: dict[str, str]) -> bool:
        """Tell whether it is of a gate that is declared so and looked at these inputs."""
        return (self.declaration_digest, self.inputs) == (declaration_digest, inputs)
