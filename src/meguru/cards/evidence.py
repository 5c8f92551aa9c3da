"""A card that people wrote and looked at for a version is evidence that it is documented."""

from __future__ import annotations

from sqlalchemy import Connection

from meguru.base import refs
from meguru.cards import store
from meguru.cards.parts import split_language

NEEDED = "intended_use"


def evidence(tx: Connection, model: str, endpoint: str) -> dict[str, list[str]]:
    """Return the card of a model, if it says what the model is for and all of it holds for this version.

    It holds where each part was written or confirmed for the version itself (`checklist evidence`).
    """
    del endpoint
    card = store.of(tx, refs.make("model", refs.parse(model, kind="model").name))
    if card is None or NEEDED not in {split_language(word)[0] for word in card.words}:
        return {}
    part_reviews = store.part_reviews(tx, card.name)
    looked_at = all(part in part_reviews and part_reviews[part].version == model for part in card.words)
    return {"card": [card.ref]} if looked_at else {}
