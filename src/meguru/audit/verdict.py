"""What `audit.verify` found."""

from __future__ import annotations

import msgspec

from meguru.kernel.event import ChainVerdict


class CheckpointFault(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint that the log does not bear out, or that can't be trusted; `place` is its file and line."""

    place: str
    size: int
    why: str


class AuditVerdict(ChainVerdict, frozen=True, kw_only=True):
    """What a check of the log, and of checkpoints against it, found.

    Attributes
    ----------
    intact
        Whether both hold.
    checkpoints
        How many were read; without any given, those that the workspace keeps itself.
    given
        Whether they came from elsewhere: what the workspace keeps proves nothing against who owns it.
    covered
        The entries up to this number are what a good checkpoint says.
    keys
        The public keys whose signatures were taken.
    faults
        What is wrong with checkpoints: the first hundred.
    """

    checkpoints: int = 0
    given: bool = False
    covered: int = 0
    keys: list[str] = msgspec.field(default_factory=list)
    faults: list[CheckpointFault] = msgspec.field(default_factory=list)
