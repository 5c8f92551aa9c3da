"""The chapters of a run-book."""

from __future__ import annotations

import json
from collections.abc import Iterator

from meguru.base.text import mark
from meguru.cards.facts.types import CardAlert, CardEndpoint, CardService
from meguru.cards.render.blocks import CardBlock, Chapter, FactList, Grid, Listing, Remark
from meguru.cards.render.model import MONITOR, RELEASE, decisions
from meguru.cards.render.values import NOTHING, count, moment, monitor_rows, number, seen, share
from meguru.monitoring.evidence.translation import EvidenceWords

INPUT = (mark("column"), mark("type"), mark("seen in training"), mark("tags"))
ALERT = (mark("what happens"), mark("what it means"), mark("begin with"), mark("open now"), mark("last time"))
SERVER = "http://127.0.0.1:7474"
_MILLI = 1000


def endpoint_head(facts: CardEndpoint, words: EvidenceWords) -> FactList:
    """Return what an endpoint is, at a glance."""
    known = (
        (mark("endpoint"), facts.ref),
        (mark("description"), facts.description),
        (mark("state"), f"{words.text(facts.state)} {words.spoken(facts.why)}".strip()),
        (mark("model"), facts.live_model or facts.model),
        (mark("release"), facts.release),
        (mark("release before"), facts.previous),
        (mark("scores along"), ", ".join(facts.shadow)),
        (mark("servers"), str(facts.servers)),
        (mark("predictions"), count(facts.predictions)),
        (mark("last request"), moment(facts.last_request)),
        (mark("predictions are kept"), words.text(mark("yes")) if facts.record else words.text(mark("no"))),
        (mark("new data must be live within"), f"{facts.renew_within:g} s" if facts.renew_within else ""),
    )
    return FactList([(words.text(name), value) for name, value in known if value])


def endpoint_chapters(facts: CardEndpoint, words: EvidenceWords) -> list[Chapter]:
    """Return what who keeps an endpoint answering has to know, chapter by chapter."""
    heading = words.text
    monitors = monitor_rows(facts.monitors, words)
    return [
        Chapter("call", heading("How to call it"), list(_call(facts, words))),
        Chapter("service", heading("How it answers"), _service(facts.service, words)),
        Chapter("dependencies_now", heading("What it depends on"), _dependencies(facts, words)),
        Chapter("alerts", heading("When it rings"), _alerts(facts.alerts, words)),
        Chapter("rollback", heading("How to go back"), list(_back(facts, words))),
        Chapter("told", heading("Who is told"), _told(facts, words)),
        Chapter("gates", heading("What a release must pass"), [Remark(gate) for gate in facts.gates]),
        Chapter(
            "monitors", heading("Monitors"), [Grid(list(map(heading, MONITOR)), monitors)] if monitors else []
        ),
        Chapter("releases", heading("Releases"), _releases(facts, words)),
    ]


def _call(facts: CardEndpoint, words: EvidenceWords) -> Iterator[CardBlock]:
    if not facts.inputs:
        yield Remark(words.text("It has no contract yet: nobody can say what to send."))
        return
    body = json.dumps({"rows": [facts.example]}, ensure_ascii=False)
    quoted = body.replace("'", "'\\''")
    yield Listing(
        f"curl -H 'Authorization: Bearer '$MEGURU_TOKEN -H 'Content-Type: application/json' \\\n"
        f"  -d '{quoted}' \\\n  {SERVER}/endpoints/{facts.name}/predict"
    )
    yield Remark(
        words.text(
            "Put the address of your server there; {contract} says what it takes.", contract=facts.contract
        )
    )
    rows = [
        [column.name, column.type, seen(column, words), ", ".join(column.tags) or NOTHING]
        for column in facts.inputs
    ]
    yield Grid(list(map(words.text, INPUT)), rows)
    if facts.outputs:
        given = ", ".join(f"{name}: {type}" for name, type in facts.outputs.items())
        yield FactList([(words.text("gives"), given)])


def _service(service: CardService | None, words: EvidenceWords) -> list[CardBlock]:
    if service is None:
        return [Remark(words.text("Nothing was asked of it in the last days."))]
    asked = service.requests
    known = [
        (words.text("requests in {days} days", days=service.days), count(asked)),
        (words.text("answered without an error"), share(1 - service.errors / asked)),
        (words.text("turned away"), count(service.turned_away)),
    ]
    for name, at in (("50 %", service.p50), ("95 %", service.p95), ("99 %", service.p99)):
        if at is not None:
            known.append(
                (words.text("{share} within", share=name), words.text("{time} ms", time=number(at * _MILLI)))
            )
    return [FactList(known)]


def _dependencies(facts: CardEndpoint, words: EvidenceWords) -> list[CardBlock]:
    known = (
        (mark("model"), facts.live_model),
        (mark("contract"), facts.contract),
        (mark("features"), facts.features),
        (mark("feature views"), ", ".join(facts.views)),
    )
    found = [(words.text(name), value) for name, value in known if value]
    blocks: list[CardBlock] = [FactList(found)] if found else []
    if facts.views:
        said = words.text(
            "The views are read from the online store: without it, what they give must be sent."
        )
        blocks.append(Remark(said))
    return blocks


def _alerts(alerts: list[CardAlert], words: EvidenceWords) -> list[CardBlock]:
    names = {"subject": "endpoint", "endpoint": "endpoint", "model": "model"}
    rows = [
        [
            alert.name,
            words.text(alert.meaning).format_map(_Named(words, names)),
            alert.command,
            count(alert.open),
            moment(alert.last_at),
        ]
        for alert in alerts
    ]
    return [Grid(list(map(words.text, ALERT)), rows, frozenset({3}))] if rows else []


class _Named(dict[str, str]):
    """The words that stand for what an event's sentence tells of."""

    def __init__(self, words: EvidenceWords, names: dict[str, str]) -> None:
        super().__init__(names)
        self._words = words

    def __getitem__(self, name: str) -> str:
        known = {"subject": mark("it"), "endpoint": mark("the endpoint"), "model": mark("the model")}
        return self._words.text(known.get(name, name))

    def __missing__(self, name: str) -> str:
        return name


def _back(facts: CardEndpoint, words: EvidenceWords) -> Iterator[CardBlock]:
    if not facts.release:
        yield Remark(words.text("Nothing was promoted yet."))
        return
    said = words.text("This puts {release} live again.", release=facts.previous) if facts.previous else ""
    yield Listing(f"meguru release rollback {facts.name} --reason '…'")
    yield Remark(said or words.text("There is no release before it."))
    yield Listing(
        f"meguru release list {facts.name}\nmeguru release rollback {facts.name} --to N --reason '…'"
    )


def _told(facts: CardEndpoint, words: EvidenceWords) -> list[CardBlock]:
    if not facts.told:
        return [Remark(words.text("No notification tells anybody of its alerts."), warns=True)]
    return [Remark(each) for each in facts.told]


def _releases(facts: CardEndpoint, words: EvidenceWords) -> list[CardBlock]:
    rows = [
        [
            release.ref,
            words.text(release.state),
            release.by,
            moment(release.live_at),
            moment(release.ended_at),
            release.model,
        ]
        for release in facts.releases
    ]
    headings = [*map(words.text, RELEASE[:-1]), words.text("model")]
    return [Grid(headings, rows), *decisions(facts.releases, words)] if rows else []
