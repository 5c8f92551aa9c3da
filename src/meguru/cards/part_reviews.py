"""Which version people had before them when they wrote a part, and what has changed since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from meguru.base import digests, refs
from meguru.cards import store
from meguru.cards.facts.read import read, version_of
from meguru.cards.facts.reader import RecordReader
from meguru.cards.traits import changes, traits_of
from meguru.cards.types import CardText, DeclaredCard, PartReview, Trait
from meguru.errors import NotFound
from meguru.kernel.operations import Context


def record_changes(ctx: Context, card: DeclaredCard, before: Mapping[str, str]) -> None:
    """Write down that the parts whose text is another one were looked at, and forget those that are gone."""
    changed = [key for key, text in card.words.items() if before.get(key) != text]
    gone = [key for key in before if key not in card.words]
    if gone:
        store.forget_part_reviews(ctx.tx, card.name, gone)
    record_review(ctx, card, changed)


def record_review(ctx: Context, card: DeclaredCard, parts: Sequence[str], version: str = "") -> str:
    """Write down that parts were looked at for a version (by default the newest); return which that was."""
    reader = RecordReader.of_project(ctx.tx, ctx.blobs, refs.parse(card.about).project, ctx.now())
    traits: list[Trait] = []
    found = version
    try:
        facts = read(reader, version or card.about)
        found, traits = version_of(facts), traits_of(facts)
    except NotFound:
        if version:
            raise
        # The words may come before what they are about: whatever comes then is news to them.
    at, by = ctx.now(), ctx.principal.name
    store.put_part_reviews(
        ctx.tx,
        card.name,
        (
            PartReview(
                part=key,
                digest=digests.of_bytes(card.words[key].encode()),
                version=found,
                traits=traits,
                at=at,
                by=by,
            )
            for key in parts
        ),
    )
    return found


def texts_of(
    card: DeclaredCard, part_reviews: Mapping[str, PartReview], now: Iterable[Trait]
) -> list[CardText]:
    """Return the parts of a card, each with what is another now than when somebody looked at it."""
    present = list(now)
    found = []
    for key, text in card.words.items():
        look = part_reviews.get(key)
        since = changes(look.traits, present) if look and look.version else []
        found.append(
            CardText(
                part=key,
                text=text,
                written_for=look.version if look else "",
                by=look.by if look else "",
                at=look.at if look else None,
                since=since,
            )
        )
    return found
