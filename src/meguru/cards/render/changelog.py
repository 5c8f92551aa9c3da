"""The change-log of a model in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from meguru.artifacts.types import Cause
from meguru.base.text import mark
from meguru.cards.changelog import ChangelogEntry, DataMovement, MetricMovement
from meguru.cards.facts.types import CardData
from meguru.cards.render.blocks import CardBlock, CardPage, Chapter, FactList, Grid, Listing, Remark
from meguru.cards.render.fairness import fairness_rows
from meguru.cards.render.model import FAIRNESS, decisions
from meguru.cards.render.staleness import change_words
from meguru.cards.render.values import NOTHING, count, interval, moment, number, plain
from meguru.kernel.kinds.event_types import find
from meguru.monitoring.evidence.translation import EvidenceWords

METRIC = (mark("metric"), mark("before"), mark("now"), mark("95 %"), mark("verdict"))
DATA = (mark("data"), mark("before"), mark("now"))
CHANGE = (mark("name"), mark("before"), mark("now"))
_SHORT = 12
Messages = Callable[[str, str], Sequence[str]]
"""What the commits from one to another say; nothing where nobody knows."""


def changelog_page(
    name: str, entries: Sequence[ChangelogEntry], words: EvidenceWords, messages: Messages | None = None
) -> CardPage:
    """Return a change-log as a page; `messages` tells what commits say, where the repository is at hand."""
    chapters = [
        Chapter(
            f"v{entry.version}",
            words.text("Version {version}, {at}", version=entry.version, at=moment(entry.at)),
            list(_entry(entry, words, messages)),
        )
        for entry in entries
    ]
    if not chapters:
        chapters = [Chapter("none", words.text("No version yet"), [])]
    return CardPage(words.text("Change-log of {name}", name=name), words.language, chapters)


def _entry(entry: ChangelogEntry, words: EvidenceWords, messages: Messages | None) -> Iterator[CardBlock]:
    yield FactList(list(_head(entry, words)))
    if entry.data:
        yield Grid(list(map(words.text, DATA)), [_data(movement, words) for movement in entry.data])
    changed = [(one.name, plain(one.before), plain(one.after)) for one in (*entry.params, *entry.packages)]
    if changed:
        yield Grid(list(map(words.text, CHANGE)), changed)
    said = messages(*entry.commits) if messages and all(entry.commits) and len(set(entry.commits)) > 1 else ()
    if said:
        yield Listing("\n".join(said))
    if entry.metrics:
        yield Grid(
            list(map(words.text, METRIC)),
            [_metric(metric, words) for metric in entry.metrics],
            frozenset({1, 2}),
        )
    for gate in entry.gates:
        yield Remark(f"{gate.release} · {gate.gate} {words.text(gate.verdict)}: {words.spoken(gate.reason)}")
    yield from decisions(entry.releases, words)
    fairness = [row for gate in entry.gates for row in fairness_rows(gate, words)]
    if fairness:
        yield Grid(list(map(words.text, FAIRNESS)), fairness, frozenset({2, 4}))


def _head(entry: ChangelogEntry, words: EvidenceWords) -> Iterator[tuple[str, str]]:
    yield words.text("why"), _why(entry, words)
    if entry.note:
        yield words.text("note"), entry.note
    old, new = entry.commits
    if entry.before and old == new and new:
        yield words.text("code"), words.text("the same as before ({commit})", commit=new[:_SHORT])
    elif new:
        yield (
            words.text("code"),
            f"{old[:_SHORT] or NOTHING} → {new[:_SHORT]}" if entry.before else new[:_SHORT],
        )
    if entry.traits:
        yield words.text("what it takes"), "; ".join(change_words(trait, words) for trait in entry.traits)
    if entry.before and not entry.params:
        yield words.text("Params"), words.text("the same as before")
    yield words.text("live"), _live(entry, words)


def _why(entry: ChangelogEntry, words: EvidenceWords) -> str:
    said = [_sentence(cause, words) for cause in entry.causes if cause.subject != entry.ref]
    return " → ".join(dict.fromkeys(said)) or words.text("registered by {who}", who=entry.by)


def _sentence(cause: Cause, words: EvidenceWords) -> str:
    declared = find(cause.type)
    if declared is None:
        return cause.says
    about = {"subject": cause.subject, "actor": cause.actor}
    told = {name: about.get(name, cause.data.get(name)) for name in declared.placeholders}
    return words.text(declared.sentence).format(**told)


def _live(entry: ChangelogEntry, words: EvidenceWords) -> str:
    spans = [
        words.text(
            "{release} from {start} until {end}",
            release=release.ref,
            start=moment(release.live_at),
            end=moment(release.ended_at) if release.ended_at else words.text("now"),
        )
        for release in entry.releases
        if release.live_at
    ]
    refused = [
        words.text("{release} was refused", release=release.ref)
        for release in entry.releases
        if release.state == "refused"
    ]
    return "; ".join([*spans, *refused]) or words.text("never")


def _data(movement: DataMovement, words: EvidenceWords) -> list[str]:
    return [movement.name, _rows(movement.before, words), _rows(movement.after, words)]


def _rows(data: CardData | None, words: EvidenceWords) -> str:
    if data is None:
        return words.text("not used")
    span = f", {data.since[:10]} – {data.until[:10]}" if data.since else ""
    return words.text(
        "@{version}, {rows} rows{span}", version=data.ref.partition("@")[2], rows=count(data.rows), span=span
    )


def _metric(movement: MetricMovement, words: EvidenceWords) -> list[str]:
    verdict = words.text(movement.verdict)
    if movement.paired:
        verdict = words.text("{verdict}, on the same rows", verdict=verdict)
    before = number(movement.before.value) if movement.before else NOTHING
    return [
        movement.metric,
        before,
        number(movement.after.value),
        interval(movement.after),
        verdict if movement.before else NOTHING,
    ]
