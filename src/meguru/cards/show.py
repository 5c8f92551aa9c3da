"""Questions about cards: what one says, which were kept, which words there are."""

from __future__ import annotations

import msgspec

from meguru.base import refs
from meguru.base.paging import check_limit
from meguru.cards import store
from meguru.cards.assemble import assemble
from meguru.cards.facts.reader import RecordReader
from meguru.cards.redaction import redacted
from meguru.cards.types import Card, DeclaredCard, KeptCard
from meguru.errors import NotFound
from meguru.kernel.operations import Context, operation


@operation("card.show", permission="card:read", query=True, on="ref", refers={"ref": "*"})
def show(ctx: Context, *, ref: str, kept: int | None = None) -> Card:
    """Show the card of a version, ``model/delay@4``, ``dataset/flights@2`` or ``endpoint/delay``.

    It is put together from the records as they are now; with `kept`, as it was kept: that number, or with 0
    the newest one.
    """
    reader = RecordReader.of(ctx)
    if kept is None:
        return assemble(reader, ref)
    about = assembled_ref(reader, ref)
    card = store.body(ctx.tx, about, kept or None)
    if card is None:
        raise NotFound(f"no card of {about} was kept", where=about, hint=f"meguru card write {about}")
    number = kept or store.next_number(ctx.tx, about) - 1
    return redacted(reader, msgspec.structs.replace(card, number=number))


@operation("card.history", permission="card:read", query=True, on="ref", refers={"ref": "*"})
def history(ctx: Context, *, ref: str, limit: int = 50) -> list[KeptCard]:
    """List the cards that were kept of a version, newest first: when, by whom, why, and their digests."""
    about = assembled_ref(RecordReader.of(ctx), ref)
    return store.kept(ctx.tx, about, check_limit(limit))


@operation("card.list", permission="card:read", query=True)
def list_cards(ctx: Context) -> list[DeclaredCard]:
    """List the words that people wrote about models, datasets and endpoints, by the name of the card."""
    return store.page(ctx.tx, ctx.visible)


def assembled_ref(reader: RecordReader, ref: str) -> str:
    """Return the reference of the version that is meant, if it may be seen."""
    from meguru.datasets import store as datasets
    from meguru.registry import store as models
    from meguru.serving import store as endpoints

    parsed = refs.parse(ref)
    if not reader.sees(refs.make(parsed.kind, parsed.name)):
        raise NotFound.of(parsed.kind, parsed.name)
    if parsed.kind == "model":
        return models.resolve(reader.tx, ref).ref
    if parsed.kind == "dataset":
        return datasets.resolve(reader.tx, ref).ref
    return refs.make("endpoint", endpoints.get(reader.tx, parsed.name).name)
