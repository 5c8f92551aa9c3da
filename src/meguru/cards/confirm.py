"""Say that parts of a card hold for a version; write a part."""

from __future__ import annotations

from itertools import chain, count

from meguru.base import digests, refs
from meguru.base.names import is_name
from meguru.cards import store
from meguru.cards.facts.reader import RecordReader
from meguru.cards.kind import CARD, CardSpec
from meguru.cards.part_reviews import record_review
from meguru.cards.parts import check_part, check_text
from meguru.cards.show import assembled_ref
from meguru.cards.snapshots import check_readable
from meguru.cards.types import DeclaredCard
from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.kernel import declarations
from meguru.kernel.declarations import Change
from meguru.kernel.operations import Context, operation


@operation("card.confirm", permission="card:confirm", on="ref", refers={"ref": "*"})
def confirm(ctx: Context, *, ref: str, parts: list[str] | None = None) -> DeclaredCard:
    """Say that parts of a card (by default all) were looked at and hold for a version.

    Raises
    ------
    NotFound
        If nobody wrote anything about it, or there is no such part.
    """
    check_readable(ctx, ref)
    version = assembled_ref(RecordReader.of(ctx), ref)
    card = _words(ctx, version)
    wanted = list(card.words) if parts is None else parts
    for part in wanted:
        if part not in card.words:
            raise NotFound.of("part", part, list(card.words))
    if not wanted:
        raise InvalidInput("no part was named", field="parts", hint="leave it out to confirm them all")
    _confirmed(ctx, card, wanted, version)
    return card


def _confirmed(ctx: Context, card: DeclaredCard, parts: list[str], version: str) -> None:
    held = record_review(ctx, card, parts, version)
    ctx.emit("card.confirmed", card.ref, data={"version": held, "parts": parts}, used=[held] if held else [])


@operation("card.edit", permission="card:write", on="ref", refers={"ref": "*"})
def edit(ctx: Context, *, ref: str, part: str, text: str, expect: str | None = None) -> DeclaredCard:
    """Write a part of the card of a model, a dataset or an endpoint; an empty text takes the part away.

    `expect` is the text that was there when you looked.

    Raises
    ------
    Conflict
        If the part says something else than `expect` by now.
    """
    check_readable(ctx, ref)
    check_text(check_part(part), text)
    about = _bare(ref)
    known = store.of(ctx.tx, about)
    words = dict(known.words) if known else {}
    before = words.get(part, "")
    if expect is not None and digests.of_bytes(expect.strip().encode()) != digests.of_bytes(before.encode()):
        why = "somebody wrote it meanwhile"
        raise Conflict(f"the part {part!r} is not as it was when you looked", where=about, why=why)
    words[part] = text
    parsed = refs.parse(about)
    spec = CardSpec(about=refs.make(parsed.kind, refs.bare(parsed.name)), words=words)
    name = known.name if known else _free_name(ctx, parsed)
    done = declarations.declare(ctx, CARD, name, spec)
    made = store.find(ctx.tx, name) or DeclaredCard(name=name, about=about, words={})
    if part in made.words:
        version = assembled_ref(RecordReader.of(ctx), ref) if refs.parse(ref).version else ""
        if done.change is Change.UNCHANGED:
            _confirmed(ctx, made, [part], version)
        elif version:
            record_review(ctx, made, [part], version)
    return made


def _bare(ref: str) -> str:
    parsed = refs.parse(ref)
    return refs.make(parsed.kind, parsed.name)


def _words(ctx: Context, version: str) -> DeclaredCard:
    card = store.of(ctx.tx, _bare(version))
    if card is None or not card.words:
        hint = f"meguru card edit {version} --part intended_use --text …"
        raise NotFound(f"nobody wrote anything about {version} yet", where=version, hint=hint)
    return card


def _free_name(ctx: Context, about: refs.Ref) -> str:
    """Return what a new card is called: as what it is about, else with its kind and a number behind.

    A name that is taken is never returned: the words of the card that has it would be written over.
    """
    bare = refs.bare(about.name)
    stem = f"{bare[:80].replace('/', '-').replace(' ', '-')}-{about.kind}"
    wanted = chain([bare] if is_name(bare) else [], [stem], (f"{stem}-{number}" for number in count(2)))
    names = (refs.within(about.project, each) for each in wanted)
    return next(name for name in names if store.find(ctx.tx, name) is None)
