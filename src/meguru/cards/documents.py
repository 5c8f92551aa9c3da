"""The words about a model are a part of what is approved: whoever changes them voids the approval."""

from __future__ import annotations

from sqlalchemy import Connection

from meguru.base import digests, refs
from meguru.cards import store
from meguru.releases.types import ReleasePart


def documents(tx: Connection, endpoint: str, model: str) -> list[ReleasePart]:
    """Return the digest of the words of a model's card; nothing where nobody wrote any.

    Of the words alone: the facts beside them are under the release's digest by themselves, and some change
    every day.
    """
    del endpoint
    card = store.of(tx, refs.make("model", refs.parse(model, kind="model").name))
    if card is None or not card.words:
        return []
    return [ReleasePart(ref=card.ref, digest=digests.of_value(card.words))]
