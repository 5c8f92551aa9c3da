"""The chapters of a model card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from meguru.base.text import mark
from meguru.cards.facts.types import CardChecklist, CardCost, CardData, CardModel, CardRelease, CardWaiver
from meguru.cards.render.blocks import CardBlock, Chapter, FactList, Grid, Remark
from meguru.cards.render.fairness import fairness_rows
from meguru.cards.render.values import (
    NOTHING,
    count,
    interval,
    moment,
    monitor_rows,
    number,
    pairs,
    seen,
    share,
    size,
)
from meguru.monitoring.evidence.translation import EvidenceWords

MONITOR = (
    *(mark("monitor"), mark("watches"), mark("checks"), mark("verdict")),
    *(mark("reason"), mark("evaluated"), mark("last rang")),
)
METRIC = (mark("metric"), mark("value"), mark("95 %"), mark("rows"), mark("unit"), mark("baseline"))
SLICE = (mark("slice"), mark("rows"), mark("metric"), mark("value"), mark("95 %"))
GATE = (mark("release"), mark("gate"), mark("verdict"), mark("reason"))
FAIRNESS = (mark("columns"), mark("criterion"), mark("gap"), mark("95 %"), mark("limit"), mark("verdict"))
DATA = (
    mark("data"),
    mark("rows"),
    mark("size"),
    mark("from"),
    mark("until"),
    mark("columns"),
    mark("personal"),
)
FEATURE = (mark("column"), mark("type"), mark("seen in training"), mark("missing"), mark("tags"))
DECISION = (mark("release"), mark("decision"), mark("by"), mark("at"), mark("counts"), mark("note"))
WAIVER = (
    *(mark("waiver"), mark("gate"), mark("state"), mark("reason")),
    *(mark("granted by"), mark("ends")),
)
CHECKLIST = (mark("checklist"), mark("title"), mark("settled"), mark("still open"))
RELEASE = (
    mark("release"),
    mark("state"),
    mark("by"),
    mark("live from"),
    mark("live until"),
    mark("documents"),
)


def model_head(facts: CardModel, words: EvidenceWords) -> FactList:
    """Return what a model version is, at a glance."""
    known = (
        (mark("model"), facts.ref),
        (mark("description"), facts.description),
        (mark("owner"), facts.owner),
        (mark("use case"), facts.group),
        (mark("aliases"), ", ".join(facts.aliases)),
        (mark("stage"), facts.stage),
        (mark("state"), f"{words.text(facts.state)} {facts.reason}".strip()),
        (mark("task"), f"{facts.task} ({', '.join(facts.classes)})" if facts.classes else facts.task),
        (mark("label"), facts.label),
        (mark("flavor"), facts.flavor),
        (mark("size"), size(facts.size) if facts.size else ""),
        (mark("files"), ", ".join(facts.files)),
        (mark("digest"), f"sha256:{facts.digest}" if facts.digest else ""),
        (mark("folder"), f"sha256:{facts.tree_digest}" if facts.tree_digest else ""),
        (mark("registered"), moment(facts.created_at)),
        (mark("by"), facts.created_by),
        (mark("note"), facts.note),
        (mark("tags"), ", ".join(f"{name}={value}" for name, value in sorted(facts.tags.items()))),
    )
    return FactList([(words.text(name), value) for name, value in known if value])


def model_chapters(facts: CardModel, words: EvidenceWords) -> list[Chapter]:
    """Return the facts of a model version, chapter by chapter."""
    heading = words.text
    return [
        Chapter("metrics", heading("How good it is"), list(_metrics(facts, words))),
        Chapter("slices", heading("By slice"), _slices(facts, words)),
        Chapter("gates", heading("What the gates said"), list(_gates(facts, words))),
        Chapter("data", heading("Training data"), list(_data(facts, words))),
        Chapter("features", heading("What it takes, and what it has seen"), list(_features(facts, words))),
        Chapter("params", heading("Params"), [FactList(pairs(facts.params))] if facts.params else []),
        Chapter("code", heading("Code and environment"), _code(facts, words)),
        Chapter("lineage", heading("Where it comes from"), _lineage(facts, words)),
        Chapter("releases", heading("Releases and use"), list(_releases(facts, words))),
        Chapter("monitors", heading("Monitors"), _monitors(facts, words)),
    ]


def _metrics(facts: CardModel, words: EvidenceWords) -> Iterator[CardBlock]:
    if not facts.metrics:
        return
    if facts.holdout_rows:
        said = words.text(
            "Measured on {rows} rows of a holdout that it had not seen; the label is {label}.",
            rows=count(facts.holdout_rows),
            label=facts.label or NOTHING,
        )
        yield Remark(said)
    rows = [
        [
            card_metric.metric,
            number(card_metric.value),
            interval(card_metric),
            count(card_metric.n) if card_metric.n else NOTHING,
            words.text(card_metric.unit) if card_metric.unit else NOTHING,
            number(facts.baselines.get(card_metric.metric)),
        ]
        for card_metric in facts.metrics
    ]
    yield Grid(list(map(words.text, METRIC)), rows, frozenset({1, 3, 5}))
    if any(not metric.level for metric in facts.metrics):
        yield Remark(
            words.text("A number without an interval is as its author said; nobody measured it here.")
        )


def _slices(facts: CardModel, words: EvidenceWords) -> list[CardBlock]:
    rows = [
        [
            f"{part.column}={part.value}",
            count(part.rows),
            card_metric.metric,
            number(card_metric.value),
            interval(card_metric),
        ]
        for part in facts.slices
        for card_metric in part.metrics
    ]
    return [Grid(list(map(words.text, SLICE)), rows, frozenset({1, 3}))] if rows else []


def _gates(facts: CardModel, words: EvidenceWords) -> Iterator[CardBlock]:
    if not facts.gates:
        return
    rows = [
        [card_gate.release, card_gate.gate, words.text(card_gate.verdict), words.spoken(card_gate.reason)]
        for card_gate in facts.gates
    ]
    yield Grid(list(map(words.text, GATE)), rows)
    fairness = [row for gate in facts.gates for row in fairness_rows(gate, words)]
    if fairness:
        yield Remark(words.text("How groups are treated, as these gates measured it:"))
        yield Grid(list(map(words.text, FAIRNESS)), fairness, frozenset({2, 4}))


def _data(facts: CardModel, words: EvidenceWords) -> Iterator[CardBlock]:
    if not facts.data:
        return
    rows = [_data_row(card_data) for card_data in facts.data]
    yield Grid(list(map(words.text, DATA)), rows, frozenset({1, 2, 5}))


def _data_row(card_data: CardData) -> list[str]:
    personal = ", ".join(
        f"{column.name} ({', '.join(column.tags)})" for column in card_data.columns if column.tags
    )
    return [
        card_data.ref,
        count(card_data.rows),
        size(card_data.bytes),
        card_data.since[:10] or NOTHING,
        card_data.until[:10] or NOTHING,
        count(len(card_data.columns)),
        personal or NOTHING,
    ]


def _features(facts: CardModel, words: EvidenceWords) -> Iterator[CardBlock]:
    if not facts.features:
        return
    rows = [
        [
            feature.name,
            feature.type,
            seen(feature, words),
            share(feature.missing),
            ", ".join(feature.tags) or NOTHING,
        ]
        for feature in facts.features
    ]
    yield Grid(list(map(words.text, FEATURE)), rows, frozenset({3}))
    yield Remark(words.text("Of rows beyond what it has seen nobody measured how good its answers are."))
    if facts.outputs:
        given = ", ".join(f"{name}: {type}" for name, type in facts.outputs.items())
        yield FactList([(words.text("gives"), given)])


def _code(facts: CardModel, words: EvidenceWords) -> list[CardBlock]:
    code = facts.code
    known = (
        (mark("run"), code.run),
        (mark("pipeline"), code.pipeline),
        (mark("entry"), code.entry),
        (mark("commit"), code.commit),
        (mark("digest"), f"sha256:{code.digest}" if code.digest else ""),
        ("Python", code.python),
        (mark("packages"), ", ".join(code.packages)),
    )
    found = [*((words.text(name), value) for name, value in known if value), *_cost(facts.cost, words)]
    return [FactList(found)] if found else []


def _cost(cost: CardCost | None, words: EvidenceWords) -> Iterator[tuple[str, str]]:
    if cost is None:
        return
    yield words.text("processor time of its run"), words.text("{seconds} s", seconds=number(cost.cpu_seconds))
    if cost.gpu_seconds:
        seconds = number(cost.gpu_seconds)
        yield words.text("accelerator time of its run"), words.text("{seconds} s", seconds=seconds)
    if cost.money is not None:
        yield words.text("cost of its run"), f"{number(cost.money)} {cost.unit}".strip()
    if cost.kwh is not None:
        yield words.text("energy of its run"), f"{number(cost.kwh)} kWh"
    if cost.co2_kg is not None:
        yield words.text("emissions of its run"), f"{number(cost.co2_kg)} kg CO2e"


def _lineage(facts: CardModel, words: EvidenceWords) -> list[CardBlock]:
    rows = [[line.source, line.target] for line in facts.lineage]
    return [Grid([words.text("from"), words.text("to")], rows)] if rows else []


def _releases(facts: CardModel, words: EvidenceWords) -> Iterator[CardBlock]:
    if facts.releases:
        rows = [
            [
                release.ref,
                words.text(release.state),
                release.by,
                moment(release.live_at),
                moment(release.ended_at),
                ", ".join(release.documents) or NOTHING,
            ]
            for release in facts.releases
        ]
        yield Grid(list(map(words.text, RELEASE)), rows)
        yield from decisions(facts.releases, words)
    if facts.waivers:
        yield Grid(list(map(words.text, WAIVER)), [_waiver(waiver, words) for waiver in facts.waivers])
    if facts.checklists:
        yield Grid(
            list(map(words.text, CHECKLIST)), [_checklist(checklist) for checklist in facts.checklists]
        )
    if facts.uses:
        yield FactList([(ref, words.text(how)) for ref, how in facts.uses.items()])


def decisions(releases: Sequence[CardRelease], words: EvidenceWords) -> Iterator[CardBlock]:
    """Yield what people decided of releases; nothing where nobody was asked."""
    rows = [
        [
            release.ref,
            words.text(approval.decision),
            approval.by,
            moment(approval.at),
            f"{words.text(approval.state)} {words.spoken(approval.why)}".strip(),
            approval.note or NOTHING,
        ]
        for release in releases
        for approval in release.approvals
    ]
    if rows:
        yield Grid(list(map(words.text, DECISION)), rows)


def _checklist(checklist: CardChecklist) -> list[str]:
    left = ", ".join(checklist.unsettled) or NOTHING
    return [
        checklist.ref,
        checklist.title or checklist.follows or NOTHING,
        f"{checklist.settled} / {checklist.items}",
        left,
    ]


def _waiver(waiver: CardWaiver, words: EvidenceWords) -> list[str]:
    granted = waiver.decided_by or NOTHING
    return [
        waiver.ref,
        waiver.gate,
        words.text(waiver.state),
        waiver.reason,
        granted,
        moment(waiver.expires_at),
    ]


def _monitors(facts: CardModel, words: EvidenceWords) -> list[CardBlock]:
    rows = monitor_rows(facts.monitors, words)
    return [Grid(list(map(words.text, MONITOR)), rows)] if rows else []
