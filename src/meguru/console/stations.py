"""The lights of the loop: what stands at each station now."""

from __future__ import annotations

from collections.abc import Sequence

from meguru.artifacts.log import list_events
from meguru.console import links
from meguru.console.charts.loop import Station
from meguru.console.needs import alerted
from meguru.console.visit import Visit
from meguru.console.words import STATES, tone_of
from meguru.kernel.events import Event
from meguru.monitoring.show import list_monitors
from meguru.pipelines.show import list_runs
from meguru.pipelines.types import RunState
from meguru.serving.types import Endpoint, EndpointState

RUN_TONES = {
    RunState.QUEUED: "busy",
    RunState.RUNNING: "busy",
    RunState.WAITING: "odd",
    RunState.FAILED: "bad",
}


def stations(visit: Visit, endpoints: Sequence[Endpoint]) -> list[Station]:
    """Return the six stations, in the order of the loop."""
    return [
        _made(visit, visit.text("Data"), "dataset_version.created", "/ui/datasets"),
        _train(visit),
        _made(visit, visit.text("Model"), "model_version.registered", "/ui/models"),
        _live(visit, endpoints),
        _watch(visit),
        _decide(visit),
    ]


def _made(visit: Visit, name: str, kind: str, page: str) -> Station:
    newest = _newest(visit, kind)
    if newest is None:
        return Station(name=name, detail=visit.text("none yet"), tone="still", url=page)
    detail = newest.subject.partition("/")[2]
    return Station(name=name, detail=detail, tone="good", url=links.url_of(newest.subject))


def _train(visit: Visit) -> Station:
    name, found = visit.text("Train"), list_runs(visit.ws, limit=1).items
    if not found:
        return Station(name=name, detail=visit.text("none yet"), tone="still", url="/ui/pipelines/runs")
    run = found[0]
    detail = f"{run.pipeline} · {visit.text(STATES[run.state])}"
    return Station(
        name=name, detail=detail, tone=RUN_TONES.get(run.state, tone_of(run.state)), url=links.url_of(run.ref)
    )


def _live(visit: Visit, endpoints: Sequence[Endpoint]) -> Station:
    name = visit.text("Live")
    if not endpoints:
        return Station(name=name, detail=visit.text("none yet"), tone="still", url="/ui/endpoints")
    live = [each for each in endpoints if each.state is EndpointState.LIVE]
    if len(endpoints) == 1 and live and live[0].live:
        detail, url = live[0].live.model_ref.partition("/")[2], links.url_of(f"endpoint/{live[0].name}")
    else:
        detail = visit.text("{live} of {all} endpoints", live=len(live), all=len(endpoints))
        url = "/ui/endpoints"
    broken = any(each.state in (EndpointState.FAILED, EndpointState.DOWN) for each in endpoints)
    tone = "bad" if broken else "good" if len(live) == len(endpoints) else "odd"
    return Station(name=name, detail=detail, tone=tone, url=url)


def _watch(visit: Visit) -> Station:
    name, monitors, alarms = visit.text("Watch"), list_monitors(visit.ws), alerted(visit)
    if not monitors:
        return Station(name=name, detail=visit.text("none yet"), tone="still", url="/ui/endpoints")
    url = links.url_of(f"endpoint/{(alarms or monitors)[0].monitor.endpoint}")
    if alarms:
        return Station(
            name=name, detail=visit.text("alerts: {count}", count=len(alarms)), tone="bad", url=url
        )
    seen = any(each.last for each in monitors)
    detail = visit.text("all quiet") if seen else visit.text("nothing seen yet")
    return Station(name=name, detail=detail, tone="good" if seen else "still", url=url)


def _decide(visit: Visit) -> Station:
    name, newest = visit.text("Decide"), _newest(visit, "trigger.fired")
    if newest is None:
        return Station(name=name, detail=visit.text("nothing fired yet"), tone="still", url="/ui/triggers")
    detail = visit.text("{trigger} fired last", trigger=newest.subject.partition("/")[2])
    return Station(name=name, detail=detail, tone="good", url="/ui/triggers")


def _newest(visit: Visit, kind: str) -> Event | None:
    found = list_events(visit.ws, type=kind, limit=1, newest_first=True).items
    return found[0] if found else None
