"""What is known of monitors for systems that watch systems: their newest reports, and their open alerts."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from meguru.alerts import store as alerts
from meguru.base import refs
from meguru.kernel.workspace import Workspace
from meguru.monitoring import gauges

ABOUT = {**gauges.ABOUT, "open_alerts": "How many alerts about it are not over."}
_NEWEST = gauges.NewestReports()
"""Reports by their ids, which are unique in the world: one for all workspaces of this process."""


def monitor_gauges(ws: Workspace, projects: AbstractSet[str] | None) -> Iterator[gauges.MonitorGauge]:
    """Return the numbers of the monitors of some projects (None: of all); nothing is computed anew."""
    with ws.read() as tx:
        reports = _NEWEST.read(tx, projects)
        opened = alerts.open_by_about(tx, "monitor") if reports else {}
    yield from gauges.gauges(reports)
    for report in reports:
        count = opened.get(refs.make("monitor", report.monitor), 0)
        yield gauges.MonitorGauge(name="open_alerts", monitor=report.monitor, labels={}, value=count)
