"""What a job is, and what handles one."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from meguru.kernel.jobs.lease import Lease
    from meguru.kernel.workspace import Workspace


class JobState(StrEnum):
    """Where a job stands; the last three are final. A parked one waits for a word, and holds nobody."""

    QUEUED = "queued"
    RUNNING = "running"
    PARKED = "parked"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of promised work; `key` is unique for its kind, `cause` is the event that asked for it.

    Of the due jobs the one with the highest `priority` is claimed first. `lane` names what it shares the
    workers with, such as ``pipeline:train``; a lane may have a limit.
    """

    id: str
    kind: str
    key: str
    payload: dict[str, Any]
    state: JobState
    attempt: int
    max_attempts: int
    created_at: datetime
    not_before: datetime
    cause: str | None = None
    lease_owner: str | None = None
    lease_until: datetime | None = None
    finished_at: datetime | None = None
    error: str | None = None
    priority: int = 0
    lane: str = ""


class Parked(Exception):
    """Raised by a handler that has parked its job: nobody works on it until it is called back."""


class JobHandler(Protocol):
    """Does the jobs of one kind.

    `run` may be called again for the same job after a crash, so each of its writes is idempotent and
    made under ``lease.check(tx)``. It returns when the job is done; `Interrupted` puts the job back
    untouched (the process is stopping); `Parked` says that the handler parked it; any other exception is
    an attempt that failed. `abandon` is
    called once, when no attempt is left or the job was cancelled: it must bring whatever the job was
    for into a final state.
    """

    def run(self, ws: Workspace, job: Job, lease: Lease) -> None:
        """Do the job."""
        ...

    def abandon(self, ws: Workspace, job: Job, why: str) -> None:
        """Bring what the job was for into a final state."""
        ...
