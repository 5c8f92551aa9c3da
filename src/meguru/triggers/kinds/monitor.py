"""Wake when a monitor raises an alert, or finds that inputs drifted."""

from __future__ import annotations

from typing import ClassVar, Literal

from meguru.base import refs
from meguru.kernel.events import Event
from meguru.kernel.operations import Context
from meguru.monitoring.operations import show
from meguru.triggers.kinds.event import ByEvents


class OnMonitor(ByEvents, frozen=True, kw_only=True):
    """``{"monitor": "delay-watch", "state": "alert"}``: each time the monitor alerts.

    ``"state": "drift"``: each time it looked at a full window and inputs drifted, whether that rings or not.
    That is a reason to try another model, which has to prove itself, and none to call a person.
    """

    key: ClassVar[str] = "monitor"
    names: ClassVar[dict[str, tuple[str, str]]] = {"monitor": ("monitor", "monitor:read")}

    monitor: str
    state: Literal["alert", "drift"] = "alert"

    @property
    def about(self) -> str:  # type: ignore[override]
        """The monitor."""
        return refs.make("monitor", self.monitor)

    def check(self, ctx: Context) -> None:
        """Refuse a monitor that nobody has."""
        show(ctx, name=self.monitor)

    def may_match(self, type: str) -> bool:
        """Tell whether the type is that of an alert, or of a look."""
        return type == ("monitor.alerted" if self.state == "alert" else "monitor.evaluated")

    def matches(self, event: Event) -> bool:
        """Tell whether the event is this monitor's alert, or says that inputs drifted."""
        if not self.may_match(event.type) or event.subject != refs.make("monitor", self.monitor):
            return False
        return self.state == "alert" or bool(event.data.get("drifted") and not event.data.get("partial"))
