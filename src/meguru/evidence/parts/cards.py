"""The card of the model, as a file that people read and one that programs do, and the words in it."""

from __future__ import annotations

import msgspec

from meguru.cards import store
from meguru.cards.assemble import assemble
from meguru.cards.export import CardFormat, card_file, words_in
from meguru.cards.facts.reader import RecordReader
from meguru.cards.redaction import redacted
from meguru.cards.types import Card
from meguru.evidence.parts.source import GatheredPart, PackSource, json_file, stated
from meguru.evidence.types import PackContent

FOLDER = "parts/cards"
_FORMATS: tuple[tuple[CardFormat, str], ...] = (("markdown", "md"), ("html", "html"))


def gather(source: PackSource) -> GatheredPart:
    """Return the newest card that was kept of the model's version, else one of what is known now."""
    card = card_of(source)
    texts = {
        f"model.{language}.{ending}": card_file(card, form, words_in(language))
        for language in ("en", "ja")
        for form, ending in _FORMATS
    }
    said = {
        "card": card.about,
        "digest": card.digest,
        "number": card.number,
        "words": {word.part: word.text for word in card.words},
        "stale": [text.part for text in card.stale],
    }
    files = [
        json_file(f"{FOLDER}/model.json", msgspec.to_builtins(card)),
        *(
            PackContent(path=f"{FOLDER}/{name}", media_type=each.media_type, data=each.content)
            for name, each in texts.items()
        ),
    ]
    return GatheredPart(files=files, statements=[stated("card", [source.about_model], said)])


def card_of(source: PackSource) -> Card:
    """Return the newest card that was kept of the model's version, else one of what is known now."""
    ctx, ref = source.ctx, source.model.ref
    reader = RecordReader.of(ctx)
    cards = store.kept(ctx.tx, ref, 1)
    body = store.body(ctx.tx, ref, cards[0].number) if cards else None
    if body is not None:
        return redacted(reader, msgspec.structs.replace(body, number=cards[0].number))
    # The same moment of the log gives the same bytes: when somebody asked is no part of the evidence.
    return msgspec.structs.replace(assemble(reader, ref), at=source.release.created_at)
