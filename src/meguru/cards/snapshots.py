"""Keep what the card of a version says, under a digest."""

from __future__ import annotations

from meguru.base import refs
from meguru.cards import store
from meguru.cards.assemble import assemble
from meguru.cards.facts.reader import RecordReader
from meguru.cards.types import Card, KeptCard
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.operations import Context, operation

MAX_LENGTH = 300


@operation("card.write", permission="card:write", on="ref", refers={"ref": "*"})
def write(ctx: Context, *, ref: str, reason: str = "") -> KeptCard:
    """Keep the card of a version as it is now; the same again keeps none.

    What is kept tells of things of its own project alone: whoever may read cards there may read it.
    """
    if len(reason) > MAX_LENGTH:
        raise InvalidInput("the reason is too long", field="reason", why=f"up to {MAX_LENGTH} characters")
    check_readable(ctx, ref)
    # Not as the caller sees it: whoever reads what is kept may see less of other projects than they do.
    reader = RecordReader.of_project(ctx.tx, ctx.blobs, refs.parse(ref).project, ctx.now())
    return keep_snapshot(ctx, assemble(reader, ref), reason or "asked for")


def keep_snapshot(ctx: Context, made: Card, reason: str) -> KeptCard:
    """Write down a card; return the newest one that is kept where it says the same."""
    cards = store.kept(ctx.tx, made.about, 1)
    digest = made.digest
    if cards and cards[0].digest == digest:
        return cards[0]
    number = store.next_number(ctx.tx, made.about)
    told = ctx.emit("card.kept", made.about, data={"number": number, "digest": digest, "reason": reason})
    card = KeptCard(
        about=made.about,
        number=number,
        digest=digest,
        at=ctx.now(),
        by=ctx.principal.name,
        reason=reason,
        event=told.id,
    )
    store.add_snapshot(ctx.tx, card, made)
    return card


def check_readable(ctx: Context, ref: str) -> None:
    """Refuse what the caller may not see, as if it were not there."""
    parsed = refs.parse(ref)
    if not ctx.principal.allows(f"{parsed.kind}:read", parsed.project):
        raise NotFound.of(parsed.kind, parsed.name)
