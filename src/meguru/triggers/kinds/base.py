"""What a kind of trigger promises."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Protocol
from zoneinfo import ZoneInfo

from meguru.kernel.events import Event
from meguru.kernel.operations import Context


class TriggerKind(Protocol):
    """When a trigger wakes: a frozen struct, read from the trigger's `on`.

    Its `key` is the field by which it is recognised. `matches` and `next_due` are pure: the same answer
    for the same input, on every server. A kind that is driven by events returns None from `next_due`;
    one that is driven by the calendar returns False from `may_match` and `matches`. `catch_up` is its rule
    for moments that came while no server was running: ``none``, ``latest`` or ``all``; `zone` is that of its
    calendar.
    """

    key: ClassVar[str]
    names: ClassVar[dict[str, tuple[str, str]]]
    """Its fields that name things: of which kind, and the permission that listening to one needs."""

    @property
    def about(self) -> str | None:
        """The one thing (``dataset/flights``) that all events which match tell of, without its version.

        So of very many triggers only those are asked that an event may concern. None: it may be any.
        """
        ...

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of its calendar."""
        ...

    @property
    def catch_up(self) -> str:
        """Which missed moments fire later."""
        ...

    def check(self, ctx: Context) -> None:
        """Raise InvalidInput or NotFound, naming the field, if this can never match."""
        ...

    def may_match(self, type: str) -> bool:
        """Tell whether `matches` can be true of an event of this type; if it can't, the event isn't read."""
        ...

    def matches(self, event: Event) -> bool:
        """Tell whether an event wakes the trigger."""
        ...

    def next_due(self, after: datetime) -> datetime | None:
        """Return the first moment later than `after` at which the trigger wakes by itself, in UTC."""
        ...

    def due_between(self, first: datetime, last: datetime) -> list[datetime]:
        """Return the moments from `first` (which is one) to `last`, both counted, in order.

        When there are very many, the list has the newest of them.
        """
        ...
