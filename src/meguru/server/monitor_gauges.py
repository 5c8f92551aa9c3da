"""What is known of monitors for systems that watch systems: their newest reports, and their open alerts."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from meguru.alerts import store as alerts
from meguru.base import refs
from meguru.kernel.workspace import Workspace
from meguru.monitoring import gauges

ABOUT = {**gauges.ABOUT, "open_alerts": "How many alerts about it are not over."}
_NEWEST = gauges.NewestGauges()
"""By the ids of reports, which are unique in the world: one for all workspaces of this process."""


def monitor_gauges(ws: Workspace, projects: AbstractSet[str] | None) -> Iterator[gauges.MonitorGauge]:
    """Return the numbers of the monitors of some projects (None: of all); nothing is computed anew."""
    with ws.read() as tx:
        newest = _NEWEST.read(tx, projects)
        opened = alerts.open_by_about(tx, "monitor") if newest else {}
    for numbers in newest:
        yield from numbers
        name = numbers[0].monitor
        count = opened.get(refs.make("monitor", name), 0)
        yield gauges.MonitorGauge(name="open_alerts", monitor=name, labels={}, value=count)
