"""The words of cards: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import msgspec
from sqlalchemy import Connection

from meguru.base import refs
from meguru.cards import store
from meguru.cards.kind import CardSpec
from meguru.cards.part_reviews import record_changes
from meguru.cards.parts import MAX_PARTS, check_part, check_text
from meguru.cards.types import DeclaredCard
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context

ABOUT = ("model", "dataset", "endpoint")
"""The kinds of things that have cards."""


def find(tx: Connection, name: str) -> CardSpec | None:
    """Return the present words; None if there is no such card."""
    card = store.find(tx, name)
    return None if card is None else _spec(card)


def find_many(tx: Connection, names: Sequence[str]) -> dict[str, CardSpec]:
    """Return the present words of those of these names that are there."""
    return {card.name: _spec(card) for card in store.find_many(tx, names)}


def names(tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
    """Return the names of what is declared in some projects (None: in all), sorted."""
    return [card.name for card in store.page(tx, projects)]


def _spec(found: DeclaredCard) -> CardSpec:
    parsed = refs.parse(found.about)
    return CardSpec(about=refs.make(parsed.kind, refs.bare(parsed.name)), words=found.words)


def check(ctx: Context, name: str, spec: CardSpec) -> CardSpec:
    """Return the words with what they are about; it need not be there yet.

    Raises
    ------
    InvalidInput
        If it is about nothing that has a card, or another card is about the same, or a part is none.
    """
    about = about_of(name, spec)
    if len(spec.words) > MAX_PARTS:
        raise InvalidInput("the card has too many parts", field="words", why=f"up to {MAX_PARTS}")
    words = {
        check_part(key, "words"): check_text(key, text.strip(), f"words.{key}")
        for key, text in spec.words.items()
        if text.strip()
    }
    other = store.of(ctx.tx, about)
    if other is not None and other.name != name:
        raise InvalidInput(f"{other.ref} is about {about} already", field="about", hint="write it there")
    parsed = refs.parse(about)
    return msgspec.structs.replace(
        spec, about=refs.make(parsed.kind, refs.bare(parsed.name)), words=dict(sorted(words.items()))
    )


def about_of(name: str, spec: CardSpec) -> str:
    """Return what a card is about, in full: a model, a dataset or an endpoint of the card's own project."""
    parsed = refs.parse(spec.about or refs.make("model", refs.bare(name)))
    if parsed.kind not in ABOUT or parsed.version is not None:
        hint = "model/NAME, dataset/NAME or endpoint/NAME: a card is of all versions"
        raise InvalidInput(f"a card can't be about {spec.about[:200]!r}", field="about", hint=hint)
    project = refs.project_of(name)
    full = refs.within(project, parsed.name)
    if refs.project_of(full) != project:
        raise InvalidInput(
            f"a card is of the project of what it is about: {spec.about[:200]!r} is of another",
            field="about",
            hint="declare the card there",
        )
    return refs.make(parsed.kind, full)


def uses(name: str, spec: CardSpec) -> list[str]:
    """Return what the card is about."""
    return [about_of(name, spec)]


def save(ctx: Context, name: str, spec: CardSpec) -> None:
    """Write the words; those that changed were looked at now, for the newest version that there is."""
    before = store.find(ctx.tx, name)
    card = DeclaredCard(name=name, about=about_of(name, spec), words=spec.words)
    same = before.words if before is not None and before.about == card.about else {}
    store.declare(ctx.tx, card)
    record_changes(ctx, card, same)


def retire(ctx: Context, name: str) -> None:
    """Take the words out of use; what was kept of them stays."""
    store.take_out(ctx.tx, name, ctx.now())
    reviews = store.part_reviews(ctx.tx, name)
    if reviews:
        store.forget_part_reviews(ctx.tx, name, list(reviews))
