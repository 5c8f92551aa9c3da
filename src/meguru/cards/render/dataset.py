"""The chapters of a data card."""

from __future__ import annotations

from meguru.base.text import mark
from meguru.cards.facts.types import CardDataset
from meguru.cards.render.blocks import CardBlock, Chapter, FactList, Grid, Remark
from meguru.cards.render.model import MONITOR
from meguru.cards.render.values import NOTHING, count, moment, monitor_rows, seen, share, size
from meguru.monitoring.evidence.translation import EvidenceWords

COLUMN = (mark("column"), mark("type"), mark("seen"), mark("missing"), mark("tags"), mark("treated"))


def dataset_head(facts: CardDataset, words: EvidenceWords) -> FactList:
    """Return what a dataset version is, at a glance."""
    known = (
        (mark("dataset"), facts.ref),
        (mark("description"), facts.description),
        (mark("owner"), facts.owner),
        (mark("rows"), count(facts.rows)),
        (mark("columns"), count(len(facts.columns))),
        (mark("size"), size(facts.bytes)),
        (mark("files"), f"{count(facts.files)} ({facts.format})"),
        (mark("key"), ", ".join(facts.key)),
        (mark("event time"), facts.event_time),
        (mark("from"), facts.since[:19]),
        (mark("until"), facts.until[:19]),
        (mark("source"), facts.source),
        (mark("digest"), f"sha256:{facts.digest}"),
        (mark("registered"), moment(facts.created_at)),
        (mark("by"), facts.created_by),
        (mark("note"), facts.note),
        (mark("kept"), facts.keep),
        (mark("legal hold"), facts.hold),
    )
    return FactList([(words.text(name), value) for name, value in known if value])


def dataset_chapters(facts: CardDataset, words: EvidenceWords) -> list[Chapter]:
    """Return the facts of a dataset version, chapter by chapter."""
    heading = words.text
    rows = monitor_rows(facts.monitors, words)
    lineage = [[line.source, line.target] for line in facts.lineage]
    return [
        Chapter("columns", heading("Columns"), _columns(facts, words)),
        Chapter("personal", heading("Personal columns"), _personal(facts, words)),
        Chapter("checks", heading("What must hold"), _list(facts.checks)),
        Chapter("lineage", heading("Where it comes from"), _lineage(lineage, words)),
        Chapter("models", heading("Models made from it"), _list(facts.models)),
        Chapter(
            "monitors", heading("Monitors"), [Grid(list(map(words.text, MONITOR)), rows)] if rows else []
        ),
    ]


def _columns(facts: CardDataset, words: EvidenceWords) -> list[CardBlock]:
    rows = [
        [
            column.name,
            column.type,
            seen(column, words),
            share(column.missing),
            ", ".join(column.tags) or NOTHING,
            facts.treated.get(column.name, NOTHING),
        ]
        for column in facts.columns
    ]
    return [Grid(list(map(words.text, COLUMN)), rows, frozenset({3}))] if rows else []


def _personal(facts: CardDataset, words: EvidenceWords) -> list[CardBlock]:
    tagged = [column for column in facts.columns if column.tags]
    if not tagged:
        return [Remark(words.text("No column is tagged as personal."))]
    return [FactList([(column.name, ", ".join(column.tags)) for column in tagged])]


def _lineage(rows: list[list[str]], words: EvidenceWords) -> list[CardBlock]:
    if not rows:
        return [Remark(words.text("It was brought in as it is: nothing here made it."))]
    return [Grid([words.text("from"), words.text("to")], rows)]


def _list(lines: list[str]) -> list[CardBlock]:
    return [Remark(line) for line in lines]
