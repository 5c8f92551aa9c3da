"""What this process counted, for Prometheus, as far as whoever asks may see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

from anyio.to_thread import run_sync
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Metric, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from meguru.kernel.projects import in_projects
from meguru.kernel.workspace import Workspace
from meguru.server.monitor_gauges import ABOUT, monitor_gauges

LABELS = {"endpoint": "endpoint:read", "feature_view": "feature_view:read"}
"""Labels whose values name things, and what one must be allowed to see these."""
MONITORS = "monitor:read"
PREFIX = "meguru_monitor_"
Visible = Mapping[str, AbstractSet[str] | None]


class VisibleMetrics:
    """The process's metrics without the samples of things that are of other projects than may be seen.

    Parameters
    ----------
    projects
        By label, the projects whose things are seen; None for all.
    """

    def __init__(self, projects: Visible) -> None:
        self._projects = projects

    def collect(self) -> Iterator[Metric]:
        """Yield each metric, as a registry does."""
        for metric in REGISTRY.collect():
            kept = Metric(metric.name, metric.documentation, metric.type, metric.unit)
            kept.samples = [sample for sample in metric.samples if self._is_shown(sample.labels)]
            yield kept

    def _is_shown(self, labels: Mapping[str, str]) -> bool:
        return all(
            in_projects(projects, labels[label])
            for label, projects in self._projects.items()
            if label in labels
        )


class MonitorMetrics:
    """What the newest windows of monitors came to, from their stored reports.

    Parameters
    ----------
    projects
        Those whose monitors are told; None for all.
    """

    def __init__(self, ws: Workspace, projects: AbstractSet[str] | None) -> None:
        self._ws, self._projects = ws, projects

    def collect(self) -> Iterator[Metric]:
        """Yield each metric, as a registry does."""
        metrics: dict[str, Metric] = {}
        for gauge in monitor_gauges(self._ws, self._projects):
            name = f"{PREFIX}{gauge.name}"
            known = metrics.setdefault(name, Metric(name, ABOUT[gauge.name], "gauge"))
            known.add_sample(name, {"monitor": gauge.monitor, **gauge.labels}, gauge.value)
        yield from metrics.values()


async def metrics(request: Request) -> Response:
    """Answer what was counted; of endpoints and views, those that the principal may see."""
    ws: Workspace = request.state.workspace
    projects = {label: ws.principal.projects(permission) for label, permission in LABELS.items()}
    sees_all = all(each is None for each in projects.values())
    counted = await run_sync(lambda: generate_latest(REGISTRY if sees_all else VisibleMetrics(projects)))
    found = await run_sync(lambda: generate_latest(MonitorMetrics(ws, ws.principal.projects(MONITORS))))
    return Response(counted + found, media_type=CONTENT_TYPE_LATEST)
