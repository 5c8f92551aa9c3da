"""Put a summary together from what is known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from meguru.alerts.sentences import sentence_of
from meguru.alerts.show import list_alerts
from meguru.alerts.types import Alert
from meguru.base.paging import MAX_PAGE
from meguru.base.text import LANGUAGES, mark
from meguru.business.formatting import number
from meguru.business.show import MetricStatus, list_metrics
from meguru.business.types import BusinessValue
from meguru.costs import usage
from meguru.errors import InvalidInput
from meguru.kernel import events
from meguru.kernel.event import Event
from meguru.kernel.kinds import Urgency
from meguru.kernel.operations import Context, operation
from meguru.monitoring.show import list_monitors
from meguru.monitoring.types import MonitorStatus, ReportVerdict
from meguru.serving.show import list_endpoints
from meguru.serving.types import Endpoint, EndpointState
from meguru.summaries.types import BusinessSummary, EndpointSummary, PlainSentence

USUAL = timedelta(days=30)
MAX_ENDPOINTS, MAX_CHANGES = 50, 20
"""So many endpoints are told of, and of each so many changes."""
EVENTS_PAGE = 500
_CHANGES = {
    "release.promoted": (mark("a new version went live: {model}"), "good"),
    "release.rolled_back": (mark("it was taken back to {model}: {reason}"), "odd"),
    "release.refused": (mark("a new version was refused: {model}"), "bad"),
    "endpoint.updated": (mark("how it works was changed"), ""),
    "waiver.granted": (mark("an exception was granted"), "odd"),
}
_STANDING = {
    EndpointState.LIVE: (mark("It answers."), "good"),
    EndpointState.PROMOTED: (mark("It is to answer; nobody was asked whether it does."), ""),
    EndpointState.LOADING: (mark("A new version is being taken up."), ""),
    EndpointState.PENDING: (mark("It has no model yet."), "odd"),
    EndpointState.FAILED: (mark("Its newest version can't answer."), "bad"),
    EndpointState.DOWN: (mark("Nothing answers now."), "bad"),
}


@operation("summary.show", permission="summary:read", query=True)
def show(ctx: Context, *, since: datetime | None = None, until: datetime | None = None) -> BusinessSummary:
    """Tell, in plain words, what services were worth, what is at risk, and what changed.

    Of the last 30 days, unless told otherwise, and of what its reader may see.

    Raises
    ------
    InvalidInput
        If the time ends before it begins.
    """
    end = until or ctx.now()
    begin = since or end - USUAL
    if begin >= end:
        raise InvalidInput("the time ends before it begins", field="since")
    found = list_endpoints.function(ctx, limit=MAX_ENDPOINTS)
    alerts = list_alerts.function(ctx, limit=MAX_PAGE).items
    monitors = list_monitors.function(ctx)
    measured = list_metrics.function(ctx)
    answered = {
        each.endpoint: each.predictions
        for each in usage.of_endpoints(ctx.tx, begin, end, projects=ctx.visible)
    }
    changed = _changes(ctx, begin, end)
    told: set[str] = set()
    made = []
    for endpoint in found.items:
        about = _about(endpoint, monitors)
        mine = [each for each in alerts if each.about in about or each.subject in about]
        told |= {each.id for each in mine}
        made.append(
            EndpointSummary(
                endpoint=endpoint.name,
                purpose=endpoint.description,
                standing=_standing(endpoint),
                value=list(_value(endpoint, measured, answered.get(endpoint.name, 0))),
                risks=[*_risks(endpoint, monitors), *map(_alert, mine)],
                changes=changed.get(f"endpoint/{endpoint.name}", []),
            )
        )
    others = [_alert(each) for each in alerts if each.id not in told]
    return BusinessSummary(
        project=ctx.ws.project,
        since=begin,
        until=end,
        endpoints=made,
        risks=others,
        more=_beyond(ctx, found.next_cursor),
    )


def _beyond(ctx: Context, cursor: str) -> int:
    return len(list_endpoints.function(ctx, cursor=cursor, limit=MAX_PAGE).items) if cursor else 0


def _about(endpoint: Endpoint, monitors: list[MonitorStatus]) -> set[str]:
    watching = {each.monitor.ref for each in monitors if each.monitor.endpoint == endpoint.name}
    return {f"endpoint/{endpoint.name}", *watching}


def _standing(endpoint: Endpoint) -> PlainSentence:
    message, tone = _STANDING[endpoint.state]
    return PlainSentence(message=message, tone=tone, ref=f"endpoint/{endpoint.name}")


def _value(endpoint: Endpoint, measured: list[MetricStatus], answered: int) -> Iterator[PlainSentence]:
    yield PlainSentence(message=mark("It answered {count} questions."), values={"count": f"{answered:,}"})
    for status in measured:
        mine = status.metric.endpoint == endpoint.name
        if mine and status.last is not None and status.last.value is not None:
            yield metric_sentence(status.metric.name, status.last)


def metric_sentence(name: str, value: BusinessValue) -> PlainSentence:
    """Return what a business metric came to, with its interval and its target."""
    said: dict[str, Any] = {
        "metric": name,
        "value": _number(value.value),
        "unit": value.unit,
        "low": _number(value.low),
        "high": _number(value.high),
        "target": _number(value.target),
    }
    if value.target is None:
        message, tone = mark("{metric} was {value} {unit} (between {low} and {high})."), ""
    elif value.misses:
        message = mark(
            "{metric} was {value} {unit} (between {low} and {high}): it missed its target, {target}."
        )
        tone = "bad"
    else:
        message = mark("{metric} was {value} {unit} (between {low} and {high}); its target is {target}.")
        tone = "good"
    return PlainSentence(message=message, values=said, ref=f"business_metric/{name}", tone=tone, at=value.end)


def _risks(endpoint: Endpoint, monitors: list[MonitorStatus]) -> Iterator[PlainSentence]:
    watching = [each for each in monitors if each.monitor.endpoint == endpoint.name]
    for status in watching:
        if status.last is None:
            message = mark("{monitor} watches it, and has not looked yet.")
        elif status.last.verdict is ReportVerdict.UNKNOWN:
            message = mark("{monitor} could not tell how good the answers are.")
        else:
            continue
        values = {"monitor": status.monitor.name}
        yield PlainSentence(message=message, values=values, ref=status.monitor.ref, tone="odd")
    if not watching:
        yield PlainSentence(
            message=mark("Nothing watches how good its answers are."),
            ref=f"endpoint/{endpoint.name}",
            tone="odd",
        )
    for waiver in endpoint.waivers:
        yield PlainSentence(
            message=mark("It works by an exception until {day}: {reason}"),
            values={"day": f"{waiver.expires_at:%Y-%m-%d}", "reason": waiver.reason},
            ref=waiver.ref,
            tone="odd",
        )


def _alert(alert: Alert) -> PlainSentence:
    texts = {language: sentence_of(alert, language) for language in LANGUAGES}
    tone = "odd" if alert.severity is Urgency.INFO else "bad"
    return PlainSentence(texts=texts, ref=alert.ref, tone=tone, at=alert.opened_at)


def _changes(ctx: Context, since: datetime, until: datetime) -> dict[str, list[PlainSentence]]:
    """Return what changed, newest first, by the reference of the endpoint."""
    found: dict[str, list[PlainSentence]] = {}
    for event in _events(ctx, since):
        endpoint = str(event.data.get("endpoint") or event.subject)
        mine = found.setdefault(endpoint if "/" in endpoint else f"endpoint/{endpoint}", [])
        if since <= event.at < until and len(mine) < MAX_CHANGES:
            message, tone = _CHANGES[event.type]
            mine.append(
                PlainSentence(
                    message=message, values=_facts(event), ref=event.subject, tone=tone, at=event.at
                )
            )
    return found


def _events(ctx: Context, since: datetime) -> Iterator[Event]:
    """Yield the changes since a moment, newest first; read a page at a time, however many came later."""
    before: int | None = None
    while True:
        page = events.read(
            ctx.tx, types=_CHANGES, limit=EVENTS_PAGE, newest_first=True, projects=ctx.visible, before=before
        )
        yield from page
        if len(page) < EVENTS_PAGE or page[-1].at < since:
            return
        before = page[-1].seq


def _facts(event: Event) -> dict[str, Any]:
    model = str(event.data.get("model", "")).removeprefix("model/")
    return {"model": model, "reason": str(event.data.get("reason", ""))}


def _number(value: float | None) -> str:
    return "–" if value is None else number(value)
