"""What this process counted, for Prometheus, as far as whoever asks may see it."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from anyio.to_thread import run_sync
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Metric, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from meguru.kernel.projects import seen
from meguru.kernel.workspace import Workspace

PERMISSION = "endpoint:read"
LABEL = "endpoint"


class VisibleMetrics:
    """The process's metrics without the samples of endpoints that are of other projects than these."""

    def __init__(self, projects: AbstractSet[str] | None) -> None:
        self._projects = projects

    def collect(self) -> Iterator[Metric]:
        """Yield each metric, as a registry does."""
        for metric in REGISTRY.collect():
            kept = Metric(metric.name, metric.documentation, metric.type, metric.unit)
            kept.samples = [each for each in metric.samples if self._is_shown(each.labels.get(LABEL))]
            yield kept

    def _is_shown(self, endpoint: str | None) -> bool:
        return endpoint is None or seen(self._projects, endpoint)


async def metrics(request: Request) -> Response:
    """Answer what was counted; of endpoints, those that the principal may see."""
    ws: Workspace = request.state.workspace
    projects = ws.principal.projects(PERMISSION)
    body = await run_sync(
        lambda: generate_latest(VisibleMetrics(projects) if projects is not None else REGISTRY)
    )
    return Response(body, media_type=CONTENT_TYPE_LATEST)
