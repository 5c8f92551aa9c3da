"""What needs a person now: alerts, failures, refusals, endpoints without a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from meguru.alerts.event_rules import about_of
from meguru.alerts.show import list_alerts
from meguru.alerts.types import AlertState
from meguru.artifacts.log import last_words
from meguru.base import refs
from meguru.base.paging import MAX_PAGE
from meguru.console.endpoint_view import unserved_because
from meguru.console.event_sentences import plain_sentence_of
from meguru.console.labels import tone_of
from meguru.console.links import review_of
from meguru.console.page_request import Visit
from meguru.console.reasons import reasons
from meguru.governance.waivers.types import WaiverState
from meguru.kernel.kinds import event_types
from meguru.monitoring.types import MonitorStatus, ReportVerdict
from meguru.pipelines.approvals.decide import list_approvals
from meguru.pipelines.show import list_pipelines
from meguru.pipelines.types import PipelineRunState
from meguru.releases.review.show import awaiting
from meguru.releases.review.store import open_requests
from meguru.releases.review.types import ReviewStanding
from meguru.releases.types import Release, ReleaseState
from meguru.serving.types import Endpoint, EndpointState
from meguru.triggers.show import history
from meguru.triggers.types import FiringState

LOOKED_AT = 100
MAX_REVIEWS = 10
"""Where a review stands is judged anew, by some forty statements: the first page asks for the newest."""
STATES_TELL = {
    "monitor.alerted",
    "pipeline_run.failed",
    "approval.requested",
    "trigger.failed",
    "endpoint.failed",
    "release.refused",
    "release.undecided",
    "release.review_requested",
    "release.glass_broken",
    "waiver.expired",
    "waiver.revoked",
}
"""Events whose need shows in the state of a thing, which also tells when it is over, and what to do."""
_ENDED = {WaiverState.EXPIRED: "waiver.expired", WaiverState.REVOKED: "waiver.revoked"}
FRESH = timedelta(days=7)
"""So long the other events that need a person are shown, unless something follows about the same thing."""
MAX_EVENTS = 20


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to look at: what it is about, since when, and the reasons."""

    word: str
    what: str
    url: str
    at: datetime | None
    reasons: list[str] = []
    command: str = ""
    cause: tuple[str, str] = ("", "")
    """The type of event and what it is about, by which an alert of it is found."""


def needs(
    visit: Visit,
    endpoints: Sequence[Endpoint],
    releases: Mapping[str, Release],
    monitors: Sequence[MonitorStatus],
) -> list[Need]:
    """Return what needs a person: what is broken or refused first, then the newest."""
    reviews = awaiting(visit.ws, limit=MAX_REVIEWS)
    found = [
        *_alerts(visit, monitors),
        *_failures(visit),
        *_questions(visit),
        *_firings(visit),
        *_reviews(visit, reviews),
        *_events(visit),
    ]
    reviewed = {review.release for review in reviews}
    with visit.ws.read() as tx:  # without their standing all of them cost one statement
        asked = {refs.make("release", request.endpoint, request.version) for request in open_requests(tx)}
    for endpoint in endpoints:
        newest = releases.get(endpoint.name)
        found += _waivers(visit, endpoint)
        if newest and newest.ref in asked - reviewed:
            found.append(_review(visit, newest.ref, newest.checked_at))
        found += _release(visit, endpoint, None if newest and newest.ref in asked | reviewed else newest)
    looked_after = _looked_after(visit)
    return sorted((need for need in found if need.cause not in looked_after), key=_urgency)


def _looked_after(visit: Visit) -> set[tuple[str, str]]:
    """Return for what somebody looks after the alert, or muted it: that needs nobody else now."""
    now = visit.ws.clock.now()
    return {
        (each.cause, each.about)
        for each in list_alerts(visit.ws, limit=MAX_PAGE).items
        if each.state is AlertState.ACKNOWLEDGED or each.is_muted(now)
    }


def _urgency(need: Need) -> tuple[bool, float]:
    return tone_of(need.word) != "bad", -need.at.timestamp() if need.at else 0.0


def alerted(monitors: Sequence[MonitorStatus]) -> list[MonitorStatus]:
    """Return the monitors whose newest report is an alert."""
    return [monitor for monitor in monitors if monitor.last and monitor.last.verdict is ReportVerdict.ALERT]


def _alerts(visit: Visit, monitors: Sequence[MonitorStatus]) -> Iterator[Need]:
    for status in alerted(monitors):
        if status.last:
            yield Need(
                word="alert",
                what=visit.text("{monitor} raised an alert", monitor=status.monitor.name),
                url=visit.url_of(status.monitor.target if status.monitor.endpoint else status.monitor.ref),
                at=status.last.at,
                reasons=status.last.reasons[:3],
                cause=("monitor.alerted", f"monitor/{status.monitor.name}"),
            )


def _failures(visit: Visit) -> Iterator[Need]:
    for pipeline in list_pipelines(visit.ws, limit=LOOKED_AT).items:
        if pipeline.last_run is None or pipeline.last_state != PipelineRunState.FAILED:
            continue
        failed = pipeline.last_failed
        yield Need(
            word="failed",
            what=visit.text("The newest run of {pipeline} failed", pipeline=pipeline.name),
            url=visit.url_of(f"pipeline_run/{pipeline.last_run}"),
            at=pipeline.last_finished_at,
            reasons=[f"{failed.step}: {failed.type}: {failed.message}"] if failed else [],
            cause=("pipeline_run.failed", f"pipeline/{pipeline.name}"),
        )


def _questions(visit: Visit) -> Iterator[Need]:
    for question in list_approvals(visit.ws, limit=LOOKED_AT).items:
        yield Need(
            word="asking",
            what=visit.text(
                "{pipeline} asks: {question}", pipeline=question.pipeline, question=question.question
            ),
            url=visit.url_of(f"pipeline_run/{question.run}"),
            at=question.asked_at,
            reasons=[f"{name}: {text}" for name, text in question.shown.items()][:3],
            command=f"meguru runs approve {question.run}.{question.step}",
            cause=("approval.requested", f"approval/{question.run}.{question.step}"),
        )


def _reviews(visit: Visit, reviews: Sequence[ReviewStanding]) -> Iterator[Need]:
    """Yield the releases that wait for people, and those that went live before people agreed."""
    for review in reviews:
        glass, short = review.glass, review.release.removeprefix("release/")
        if glass and glass.left:
            yield Need(
                word="overdue" if glass.is_overdue else "unsigned",
                what=visit.text(
                    "{release} went live in an emergency: {count} people are still to sign",
                    release=review.release, count=glass.left,
                ),
                url=review_of(review.release),
                at=glass.at,
                reasons=[glass.reason],
                command=f"meguru release review {short}",
                cause=("release.glass_broken", review.release),
            )  # fmt: skip
        else:
            yield _review(visit, review.release, review.requested_at, review.lacks[:3])


def _review(visit: Visit, release: str, at: datetime | None, lacks: Sequence[str] = ()) -> Need:
    return Need(
        word="asking",
        what=visit.text("{release} waits for a review", release=release),
        url=review_of(release),
        at=at,
        reasons=list(lacks),
        command=f"meguru release review {release.removeprefix('release/')}",
        cause=("release.review_requested", release),
    )


def _firings(visit: Visit) -> Iterator[Need]:
    seen: set[str] = set()
    for firing in history(visit.ws, limit=LOOKED_AT).items:
        if firing.trigger not in seen and firing.state is FiringState.FAILED:
            yield Need(
                word="failed",
                what=visit.text("Trigger {trigger} could not start its action", trigger=firing.trigger),
                url=visit.url_of(f"trigger/{firing.trigger}"),
                at=firing.at,
                reasons=[firing.reason] if firing.reason else [],
                cause=("trigger.failed", f"trigger/{firing.trigger}"),
            )
        seen.add(firing.trigger)


def _events(visit: Visit) -> Iterator[Need]:
    """Yield what kinds declare to need a person, while it is the last that happened to a thing."""
    since = visit.ws.clock.now() - FRESH
    types = [name for name, each in event_types().items() if each.needs_person and name not in STATES_TELL]
    for event in last_words(visit.ws, types=types, limit=MAX_EVENTS):
        if event.at >= since:
            yield Need(
                word=event.type,
                what=plain_sentence_of(visit, event),
                url=visit.url_of(event.subject),
                at=event.at,
                reasons=reasons(event.data)[:3],
                command=f"meguru why {event.subject}",
                cause=(event.type, about_of(event)),
            )


def _release(visit: Visit, endpoint: Endpoint, newest: Release | None) -> Iterator[Need]:
    url = visit.url_of(f"endpoint/{endpoint.name}")
    if endpoint.state in (EndpointState.FAILED, EndpointState.DOWN):
        yield _unserved(visit, endpoint)
    if newest and newest.acknowledged_at:
        newest = None  # somebody has seen it
    if newest and newest.state is ReleaseState.REFUSED:
        yield Need(
            word="refused",
            what=visit.text("{model} was refused for {endpoint}", model=newest.model, endpoint=endpoint.name),
            url=visit.url_of(newest.ref),
            at=newest.checked_at,
            reasons=newest.reasons[:3],
            command=f"meguru release acknowledge {newest.ref}",
            cause=("release.refused", f"endpoint/{endpoint.name}"),
        )
    elif newest and newest.state is ReleaseState.UNDECIDED:
        yield Need(
            word="undecided",
            what=visit.text(
                "{model} could not be checked for {endpoint}", model=newest.model, endpoint=endpoint.name
            ),
            url=visit.url_of(newest.ref),
            at=newest.checked_at,
            reasons=newest.reasons[:3],
            command=f"meguru release check {newest.ref}",
            cause=("release.undecided", f"endpoint/{endpoint.name}"),
        )
    elif newest and newest.state is ReleaseState.PASSED:
        yield Need(
            word="passed",
            what=visit.text("{model} passed its gates and waits to go live", model=newest.model),
            url=visit.url_of(newest.ref),
            at=newest.checked_at,
            command=f"meguru release promote {newest.ref}",
        )
    elif endpoint.state is EndpointState.PENDING:
        yield Need(
            word="pending",
            what=visit.text("{endpoint} has no live model yet", endpoint=endpoint.name),
            url=url,
            at=endpoint.created_at,
        )


def _waivers(visit: Visit, endpoint: Endpoint) -> Iterator[Need]:
    """Yield each waiver that has ended while what went live by it still is."""
    for waiver in endpoint.waivers:
        if waiver.is_lapsed:
            yield Need(
                word="waiver_ended",
                what=visit.text(
                    "{model} is live at {endpoint} though {gate} refused it, and its waiver has ended",
                    model=waiver.model,
                    endpoint=endpoint.name,
                    gate=waiver.gate,
                ),
                url=visit.url_of(waiver.ref),
                at=waiver.ended_at,
                reasons=[waiver.reason, waiver.end_reason],
                command=f"meguru waiver show {waiver.id}",
                cause=(_ENDED[waiver.state], f"endpoint/{endpoint.name}"),
            )


def _unserved(visit: Visit, endpoint: Endpoint) -> Need:
    """Say that what was promoted does not answer."""
    serving = endpoint.serving
    reasons = [unserved_because(visit, endpoint)]
    if serving and serving.model:
        reasons.append(visit.text("{model} still answers.", model=serving.model))
    return Need(
        word=endpoint.state.value,
        what=visit.text(
            "{endpoint} does not answer with {model}",
            endpoint=endpoint.name,
            model=endpoint.live.model_ref if endpoint.live else "",
        ),
        url=visit.url_of(f"endpoint/{endpoint.name}"),
        at=endpoint.live.since if endpoint.live else None,
        reasons=reasons,
        command=f"meguru endpoint show {endpoint.name}",
        cause=("endpoint.failed", f"endpoint/{endpoint.name}"),
    )
