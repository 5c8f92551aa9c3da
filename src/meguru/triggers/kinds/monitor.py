"""Wake when a monitor raises an alert."""

from __future__ import annotations

from typing import ClassVar, Literal

from meguru.base import refs
from meguru.kernel.events import Event
from meguru.kernel.operations import Context
from meguru.monitoring.operations import show
from meguru.triggers.kinds.event import ByEvents


class OnMonitor(ByEvents, frozen=True, kw_only=True):
    """``{"monitor": "delay-watch", "state": "alert"}``: each time the monitor alerts."""

    key: ClassVar[str] = "monitor"
    names: ClassVar[dict[str, tuple[str, str]]] = {"monitor": ("monitor", "monitor:read")}

    monitor: str
    state: Literal["alert"] = "alert"

    @property
    def about(self) -> str:  # type: ignore[override]
        """The monitor."""
        return refs.make("monitor", self.monitor)

    def check(self, ctx: Context) -> None:
        """Refuse a monitor that nobody has."""
        show(ctx, name=self.monitor)

    def may_match(self, type: str) -> bool:
        """Tell whether the type is that of an alert."""
        return type == "monitor.alerted"

    def matches(self, event: Event) -> bool:
        """Tell whether the event is this monitor's alert."""
        return self.may_match(event.type) and event.subject == refs.make("monitor", self.monitor)
