"""The lights of the loop: what stands at each station now."""

from __future__ import annotations

from collections.abc import Sequence

from meguru.artifacts.log import list_events
from meguru.base import refs
from meguru.console.attention import alerted
from meguru.console.charts.loop import Station
from meguru.console.labels import STATES, tone_of
from meguru.console.page_request import Visit
from meguru.kernel.events import Event
from meguru.monitoring.types import MonitorStatus
from meguru.pipelines.show import list_runs
from meguru.pipelines.types import PipelineRunState
from meguru.registry import show as show_models
from meguru.releases.types import Release, ReleasePart
from meguru.serving.types import Endpoint, EndpointState

RUN_TONES = {
    PipelineRunState.QUEUED: "busy",
    PipelineRunState.RUNNING: "busy",
    PipelineRunState.WAITING: "odd",
    PipelineRunState.FAILED: "bad",
}


def stations(
    visit: Visit, endpoint: Endpoint | None, release: Release | None, monitors: Sequence[MonitorStatus]
) -> list[Station]:
    """Return the six stations in the order of the loop: of one endpoint, by its newest release.

    While there is no endpoint, they show the newest of each kind.
    """
    if endpoint is None:
        return [
            _made(visit, visit.text("Data"), "dataset_version.created", f"{visit.base}/ui/datasets"),
            _train(visit, "", visit.text("none yet")),
            _made(visit, visit.text("Model"), "model_version.registered", f"{visit.base}/ui/models"),
            _empty(visit, visit.text("Live"), f"{visit.base}/ui/endpoints"),
            _empty(visit, visit.text("Watch"), f"{visit.base}/ui/endpoints"),
            _empty(visit, visit.text("Decide"), f"{visit.base}/ui/triggers"),
        ]
    content = release.content if release else None
    trained = content.pipeline if content else None
    return [
        _data(visit, content.datasets if content else []),
        _train(visit, refs.parse(trained.ref).name if trained else "", visit.text("by hand")),
        _model(visit, endpoint.model),
        _live(visit, endpoint),
        _watch(
            visit,
            endpoint,
            [
                monitor_status
                for monitor_status in monitors
                if monitor_status.monitor.endpoint == endpoint.name
            ],
        ),
        _decide(visit, release),
    ]


def _empty(visit: Visit, name: str, page: str) -> Station:
    return Station(name=name, detail=visit.text("none yet"), tone="still", url=page)


def _data(visit: Visit, datasets: Sequence[ReleasePart]) -> Station:
    name = visit.text("Data")
    if not datasets:
        return Station(
            name=name, detail=visit.text("not known"), tone="still", url=f"{visit.base}/ui/datasets"
        )
    detail = ", ".join(dataset.ref.partition("/")[2] for dataset in datasets)
    return Station(name=name, detail=detail, tone="good", url=visit.url_of(datasets[0].ref))


def _model(visit: Visit, model: str) -> Station:
    name = visit.text("Model")
    newest = show_models.newest(visit.ws, names=[model])
    if not newest:
        return _empty(visit, name, f"{visit.base}/ui/models")
    detail = newest[0].ref.partition("/")[2]
    return Station(name=name, detail=detail, tone="good", url=visit.url_of(newest[0].ref))


def _made(visit: Visit, name: str, kind: str, page: str) -> Station:
    newest = _newest(visit, kind)
    if newest is None:
        return Station(name=name, detail=visit.text("none yet"), tone="still", url=page)
    detail = newest.subject.partition("/")[2]
    return Station(name=name, detail=detail, tone="good", url=visit.url_of(newest.subject))


def _train(visit: Visit, pipeline: str, without: str) -> Station:
    name, found = visit.text("Train"), list_runs(visit.ws, pipeline=pipeline, limit=1).items
    if not found:
        return Station(name=name, detail=without, tone="still", url=f"{visit.base}/ui/pipelines/runs")
    run = found[0]
    detail = f"{run.pipeline} · {visit.text(STATES[run.state])}"
    return Station(
        name=name, detail=detail, tone=RUN_TONES.get(run.state, tone_of(run.state)), url=visit.url_of(run.ref)
    )


def _live(visit: Visit, endpoint: Endpoint) -> Station:
    name, url = visit.text("Live"), visit.url_of(f"endpoint/{endpoint.name}")
    if endpoint.live is None:
        return Station(name=name, detail=visit.text("none yet"), tone="odd", url=url)
    tone = "bad" if endpoint.state in (EndpointState.FAILED, EndpointState.DOWN) else "good"
    return Station(name=name, detail=endpoint.live.model_ref.partition("/")[2], tone=tone, url=url)


def _watch(visit: Visit, endpoint: Endpoint, monitors: Sequence[MonitorStatus]) -> Station:
    name, url = visit.text("Watch"), visit.url_of(f"endpoint/{endpoint.name}")
    if not monitors:
        return _empty(visit, name, url)
    alarms = alerted(monitors)
    if alarms:
        return Station(
            name=name, detail=visit.text("alerts: {count}", count=len(alarms)), tone="bad", url=url
        )
    seen = any(monitor.last for monitor in monitors)
    detail = visit.text("all quiet") if seen else visit.text("nothing seen yet")
    return Station(name=name, detail=detail, tone="good" if seen else "still", url=url)


def _decide(visit: Visit, release: Release | None) -> Station:
    name = visit.text("Decide")
    if release is None:
        return _empty(visit, name, f"{visit.base}/ui/triggers")
    detail = f"{release.model.partition('/')[2]} · {visit.text(STATES[release.state])}"
    return Station(name=name, detail=detail, tone=tone_of(release.state), url=visit.url_of(release.ref))


def _newest(visit: Visit, kind: str) -> Event | None:
    found = list_events(visit.ws, type=kind, limit=1, newest_first=True).items
    return found[0] if found else None
