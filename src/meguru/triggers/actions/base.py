"""What an action promises."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Protocol

import msgspec

from meguru.kernel.events import Event
from meguru.kernel.operations import Context


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """Why an action starts: the firing's `key`, unique in the workspace, and the event that matched.

    `subject` is what the action is to be about, when a person fires by hand; else the event's subject.
    `moment` is the one that a calendar fired for, in its time zone.
    """

    trigger: str
    key: str
    event: Event | None = None
    subject: str = ""
    moment: datetime | None = None


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """What was started, and the job that does it."""

    ref: str
    job: str | None = None


class Action(Protocol):
    """What a trigger does: a frozen struct, read from the trigger's `action`.

    Its `key` is the field by which it is recognised. `start` runs in the transaction of the firing, so it
    only promises the work (a job, a run to be started): what it writes is committed with the firing or not
    at all, and the events it emits are caused by the firing's. While what an `exclusive` action started
    is still running, the trigger doesn't fire again. `ctx.principal` has the rights that whoever declared
    the trigger has now; those that `names` and `needs` tell of are asked for before it starts.
    """

    key: ClassVar[str]
    names: ClassVar[dict[str, tuple[str, str]]]
    """Its fields that name things: of which kind, and the permission that acting on one needs."""
    exclusive: ClassVar[bool]

    @property
    def needs(self) -> tuple[str, ...]:
        """Permissions that it needs in the projects of these things, beside those in `names`."""
        ...

    def check(self, ctx: Context) -> None:
        """Raise InvalidInput or NotFound, naming the field, if this can't be started."""
        ...

    def start(self, ctx: Context, occasion: Occasion) -> Started:
        """Start it; `ctx.cause` is the event that tells of the firing."""
        ...
