"""What a project file wants, what would have to be done, and what was done."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from meguru.base import refs
from meguru.kernel.declarations import Change, FieldChange


class WantedThing(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a file declares: its kind, its name, and its spec as plain JSON."""

    kind: str
    name: str
    spec: dict[str, Any] = {}


class OutOfSync(msgspec.Struct, frozen=True, kw_only=True):
    """A thing of the file was changed past it: by whom, when, and by which event."""

    by: str
    at: datetime
    event: str
    retired: bool = False


class PlannedAction(msgspec.Struct, frozen=True, kw_only=True):
    """One step: declare a thing with `spec`, or retire it.

    `before` is the spec that the step expects (None: there is none), so a step refuses when the world
    moved. `touches` says in words what is live behind it, `pending` what is not there yet and comes later:
    `needs` is the step that brings it.
    """

    ref: str
    change: Change
    fields: list[FieldChange] = []
    spec: dict[str, Any] = {}
    before: dict[str, Any] | None = None
    touches: list[str] = []
    pending: str = ""
    needs: str = ""
    out_of_sync: OutOfSync | None = None


class PlanFault(msgspec.Struct, frozen=True, kw_only=True):
    """Why a thing of the file can't be declared; `field` within its spec."""

    kind: str
    name: str
    field: str
    what: str
    why: str = ""
    hint: str = ""


class ApplyPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be done, in order, so that everything is as a file says.

    `owner` is the name under which the file owns what it declared; `owned` are the references of all that it
    declares. `unchanged` counts what is so already; of those, `adopts` are not yet the file's.
    `digest` names the actions: two plans with one digest do the same. `seen` tells what there was of earlier
    applies of the file.
    """

    owner: str
    actions: list[PlannedAction]
    unchanged: int
    owned: list[str] = []
    adopts: list[str] = []
    faults: list[PlanFault] = []
    digest: str = ""
    seen: str = ""


class ApplyState(StrEnum):
    """How far an apply is."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Apply(msgspec.Struct, frozen=True, kw_only=True):
    """One apply: who carried out which plan, and how it ended."""

    id: str
    owner: str
    digest: str
    state: ApplyState
    actions: list[str]
    started_at: datetime
    started_by: str
    event: str
    ended_at: datetime | None = None
    reason: str = ""

    @property
    def ref(self) -> str:
        """The reference of this apply."""
        return refs.make("apply", self.id)


class OwnedThing(msgspec.Struct, frozen=True, kw_only=True):
    """A thing that a file owns; `number` is of the spec that its last apply left."""

    ref: str
    owner: str
    number: int
    apply: str
