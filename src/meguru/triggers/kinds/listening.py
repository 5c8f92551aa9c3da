"""Protocols of kinds that receive from outside: brokers, folders, repositories, webhooks of forges."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, runtime_checkable

from meguru.base.source_secrets import Secrets
from meguru.kernel.events import Event
from meguru.kernel.workspace import Workspace
from meguru.triggers.arrivals.types import RawArrival, SourceArrival
from meguru.triggers.kinds.event import ByEvents


class Port(Protocol):
    """Where a listener hands over what it hears; each call returns after the commit, or raises.

    A listener acknowledges to its source what was handed over, and nothing else.
    """

    trigger: str
    identity: str
    """The trigger in all installations: under it a source may remember how far we are."""

    @property
    def ws(self) -> Workspace:
        """The workspace, for what is read of it."""
        ...

    async def connected(self) -> None:
        """Tell that the source is reached."""
        ...

    async def take(self, arrival: SourceArrival, position: dict[str, Any] | None = None) -> None:
        """Hand over what arrived, and how far the source is read with it."""
        ...

    async def take_raw(self, raw: RawArrival) -> None:
        """Hand over some bytes; what can't be read is kept as a dead letter, and is handed over too."""
        ...

    async def position(self) -> dict[str, Any]:
        """Return how far the source is read; empty at the first time."""
        ...

    async def move(self, position: dict[str, Any]) -> None:
        """Remember how far the source is read, where that is no news."""
        ...


class SourceListener(Protocol):
    """Listens to one source for one trigger."""

    async def run(self, port: Port) -> None:
        """Listen until cancelled; raise when the source is lost: it is begun anew after a while."""
        ...


@runtime_checkable
class Listening(Protocol):
    """A kind with a listener, which a server runs while the trigger is enabled."""

    def listener(self, ws: Workspace, secrets: Secrets) -> SourceListener:
        """Return what listens; it connects only when it runs, with what `secrets` opens.

        Raises
        ------
        MeguruError
            When it can't be made, such as for a variable that is not set.
        """
        ...


@runtime_checkable
class Receiving(Protocol):
    """A kind that is given bytes from outside, and says what they mean."""

    def read(self, ws: Workspace, raw: RawArrival) -> SourceArrival:
        """Return the event that some bytes become.

        Raises
        ------
        InvalidInput
            When they can't be read, are too large or not as declared: then they are a dead letter.
        """
        ...


class ByArrivals(ByEvents, frozen=True, kw_only=True):
    """What kinds have in common that wake on what arrived for their own trigger."""

    arrives: ClassVar[str]
    """The type of the event that what arrives becomes."""

    def may_match(self, type: str) -> bool:
        """Tell whether the type is that of what arrives."""
        return type == self.arrives

    def matches(self, event: Event) -> bool:
        """Tell whether the event is an arrival; the evaluator sees to it that it is the trigger's own."""
        return self.may_match(event.type)


def is_by_arrivals(kind: object) -> bool:
    """Tell whether only arrivals of the trigger's own listener wake it."""
    return isinstance(kind, ByArrivals)
