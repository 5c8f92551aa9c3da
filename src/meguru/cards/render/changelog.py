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
            f"v{each.version}",
            words.text("Version {version}, {at}", version=each.version, at=moment(each.at)),
            list(_entry(each, words, messages)),
        )
        for each in entries
    ]
    if not chapters:
        chapters = [Chapter("none", words.text("No version yet"), [])]
    return CardPage(words.text("Change-log of {name}", name=name), words.language, chapters)


def _entry(each: ChangelogEntry, words: EvidenceWords, messages: Messages | None) -> Iterator[CardBlock]:
    yield FactList(list(_head(each, words)))
    if each.data:
        yield Grid(list(map(words.text, DATA)), [_data(one, words) for one in each.data])
    changed = [(one.name, plain(one.before), plain(one.after)) for one in (*each.params, *each.packages)]
    if changed:
        yield Grid(list(map(words.text, CHANGE)), changed)
    said = messages(*each.commits) if messages and all(each.commits) and len(set(each.commits)) > 1 else ()
    if said:
        yield Listing("\n".join(said))
    if each.metrics:
        yield Grid(
            list(map(words.text, METRIC)), [_metric(one, words) for one in each.metrics], frozenset({1, 2})
        )
    for gate in each.gates:
        yield Remark(f"{gate.release} · {gate.gate} {words.text(gate.verdict)}: {words.spoken(gate.reason)}")
    yield from decisions(each.releases, words)
    fairness = [row for gate in each.gates for row in fairness_rows(gate, words)]
    if fairness:
        yield Grid(list(map(words.text, FAIRNESS)), fairness, frozenset({2, 4}))


def _head(each: ChangelogEntry, words: EvidenceWords) -> Iterator[tuple[str, str]]:
    yield words.text("why"), _why(each, words)
    if each.note:
        yield words.text("note"), each.note
    old, new = each.commits
    if each.before and old == new and new:
        yield words.text("code"), words.text("the same as before ({commit})", commit=new[:_SHORT])
    elif new:
        yield (
            words.text("code"),
            f"{old[:_SHORT] or NOTHING} → {new[:_SHORT]}" if each.before else new[:_SHORT],
        )
    if each.traits:
        yield words.text("what it takes"), "; ".join(change_words(one, words) for one in each.traits)
    if each.before and not each.params:
        yield words.text("Params"), words.text("the same as before")
    yield words.text("live"), _live(each, words)


def _why(each: ChangelogEntry, words: EvidenceWords) -> str:
    said = [_sentence(one, words) for one in each.causes if one.subject != each.ref]
    return " → ".join(dict.fromkeys(said)) or words.text("registered by {who}", who=each.by)


def _sentence(cause: Cause, words: EvidenceWords) -> str:
    declared = find(cause.type)
    if declared is None:
        return cause.says
    about = {"subject": cause.subject, "actor": cause.actor}
    told = {name: about.get(name, cause.data.get(name)) for name in declared.placeholders}
    return words.text(declared.sentence).format(**told)


def _live(each: ChangelogEntry, words: EvidenceWords) -> str:
    spans = [
        words.text(
            "{release} from {start} until {end}",
            release=one.ref,
            start=moment(one.live_at),
            end=moment(one.ended_at) if one.ended_at else words.text("now"),
        )
        for one in each.releases
        if one.live_at
    ]
    refused = [
        words.text("{release} was refused", release=one.ref)
        for one in each.releases
        if one.state == "refused"
    ]
    return "; ".join([*spans, *refused]) or words.text("never")


def _data(each: DataMovement, words: EvidenceWords) -> list[str]:
    return [each.name, _rows(each.before, words), _rows(each.after, words)]


def _rows(data: CardData | None, words: EvidenceWords) -> str:
    if data is None:
        return words.text("not used")
    span = f", {data.since[:10]} – {data.until[:10]}" if data.since else ""
    return words.text(
        "@{version}, {rows} rows{span}", version=data.ref.partition("@")[2], rows=count(data.rows), span=span
    )


def _metric(each: MetricMovement, words: EvidenceWords) -> list[str]:
    verdict = words.text(each.verdict)
    if each.paired:
        verdict = words.text("{verdict}, on the same rows", verdict=verdict)
    before = number(each.before.value) if each.before else NOTHING
    return [
        each.metric,
        before,
        number(each.after.value),
        interval(each.after),
        verdict if each.before else NOTHING,
    ]
