"""A card as a page in one language: its head, the words of people, and the facts."""

from __future__ import annotations

from collections.abc import Iterator

from meguru.base.text import mark
from meguru.cards.facts.types import CardDataset, CardEndpoint, CardModel
from meguru.cards.parts import PARTS, split_language, title_of
from meguru.cards.render.blocks import CardPage, Chapter, Prose, Remark
from meguru.cards.render.dataset import dataset_chapters, dataset_head
from meguru.cards.render.endpoint import endpoint_chapters, endpoint_head
from meguru.cards.render.model import model_chapters, model_head
from meguru.cards.render.staleness import staleness
from meguru.cards.render.values import moment
from meguru.cards.types import Card, CardText
from meguru.monitoring.evidence.translation import EvidenceWords

TITLES = {
    "model": mark("Model card: {name}"),
    "dataset": mark("Data card: {name}"),
    "endpoint": mark("Run-book: {name}"),
}
WANTED = {
    "model": ("intended_use", "out_of_scope", "owners", "contacts", "ethical_considerations", "caveats"),
    "dataset": ("intended_use", "owners", "contacts", "collection", "licence", "caveats"),
    "endpoint": ("owners", "contacts", "procedures", "escalation"),
}
"""The parts that people are expected to write, by what a card is about."""


def page_of(card: Card, words: EvidenceWords) -> CardPage:
    """Return a card as it is shown."""
    name = card.about.partition("/")[2]
    facts = card.facts
    match facts:
        case CardModel():
            head, chapters = model_head(facts, words), model_chapters(facts, words)
        case CardDataset():
            head, chapters = dataset_head(facts, words), dataset_chapters(facts, words)
        case CardEndpoint():
            head, chapters = endpoint_head(facts, words), endpoint_chapters(facts, words)
    found = [
        Chapter("about", words.text("At a glance"), [*_notice(card, words), head]),
        *_written(card, words),
        *(chapter for chapter in chapters if chapter.blocks),
        Chapter("document", words.text("About this document"), [Remark(_origin(card, words))]),
    ]
    return CardPage(words.text(TITLES[card.subject.kind], name=name), words.language, found)


def _notice(card: Card, words: EvidenceWords) -> list[Remark]:
    stale = [title_of(text.part, words.language) for text in card.stale]
    if not stale:
        return []
    said = words.text(
        "Written for another version, and not confirmed for this one: {parts}.", parts=", ".join(stale)
    )
    return [Remark(said, warns=True)]


def _written(card: Card, words: EvidenceWords) -> Iterator[Chapter]:
    """Yield a chapter for each part that people wrote, in this language if they did; and what is missing."""
    shown: set[str] = set()
    for text in card.words:
        key = split_language(text.part)[0]
        chosen = _chosen(card, key, words.language)
        if key in shown or chosen is None:
            continue
        shown.add(key)
        remarks = staleness(chosen, card.about, words)
        yield Chapter(key, title_of(key, words.language), [*remarks, Prose(chosen.text)])
    missing = [each for each in WANTED[card.subject.kind] if each not in shown]
    if missing:
        names = ", ".join(words.text(PARTS[each]) for each in missing)
        said = words.text("Nobody has written about: {parts}.", parts=names)
        yield Chapter("missing", words.text("Not written yet"), [Remark(said, warns=True)])


def _chosen(card: Card, key: str, language: str) -> CardText | None:
    by_key = {word.part: word for word in card.words}
    wanted = (f"{key}.{language}", key, f"{key}.en", f"{key}.ja")
    return next((by_key[each] for each in wanted if each in by_key), None)


def _origin(card: Card, words: EvidenceWords) -> str:
    said = words.text("Put together by Meguru from the records at {at}.", at=moment(card.at))
    return f"{said} sha256:{card.digest}"
