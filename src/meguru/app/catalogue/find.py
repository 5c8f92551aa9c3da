"""Find things by their name, and by what people say of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from meguru.app.catalogue.types import CatalogueEntry, FoundEntries
from meguru.artifacts.catalogue import DESCRIBED, DETAILED, Described, Detail
from meguru.artifacts.sight import Sight
from meguru.base import refs
from meguru.base.paging import check_limit
from meguru.errors import InvalidInput, NotFound, near_misses
from meguru.kernel.kinds import provided
from meguru.kernel.operations import Context, operation

MAX_WORDS, MAX_LETTERS = 10, 200
PERMISSIONS = {"component": "pipeline:read"}
"""Of kinds that are seen by another's permission."""


class _Hit(NamedTuple):
    rank: int
    kind: str
    said: Described


@operation("catalogue.find", permission="status:read", query=True)
def find(ctx: Context, *, text: str = "", kind: str = "", limit: int = 20) -> FoundEntries:
    """Find datasets, models, pipelines, components and endpoints: those with all words of a text, best first.

    A word is looked for in the name, the description, the owner and the kind, whatever its case. Only what
    the caller may see is found; `similar` are names that look like a text which nothing has.
    """
    check_limit(limit)
    words = _plain(text).split()
    if len(text) > MAX_LETTERS or len(words) > MAX_WORDS:
        why = f"up to {MAX_WORDS} words of {MAX_LETTERS} letters together"
        raise InvalidInput("the text to find is too long", field="text", why=why)
    members = provided(DESCRIBED).names()
    if kind and kind not in members:
        raise NotFound.of("kind of the catalogue", kind, members)
    there = [
        (member, described) for member in members if kind in {"", member} for described in _seen(ctx, member)
    ]
    hits = sorted(_hits(there, words))
    if not hits:
        return FoundEntries(items=[], total=0, similar=near_misses(text, {said.name for _, said in there}))
    sight = Sight(ctx.tx, ctx.principal.projects("status:read"))
    return FoundEntries(items=[_entry(ctx, hit, sight) for hit in hits[:limit]], total=len(hits))


def _seen(ctx: Context, kind: str) -> Iterable[Described]:
    describeds: Iterable[Described] = provided(DESCRIBED).load(kind)(
        ctx.tx, ctx.visible_by(PERMISSIONS.get(kind, f"{kind}:read"))
    )
    return describeds


def _hits(there: list[tuple[str, Described]], words: list[str]) -> Iterator[_Hit]:
    for kind, said in there:
        name = _plain(said.name)
        whole = _plain(f"{kind} {said.name} {said.owner} {said.description}")
        if all(word in whole for word in words):
            bare = refs.bare(name)
            yield _Hit(min((_rank(word, name, bare) for word in words), default=0), kind, said)


def _rank(word: str, name: str, bare: str) -> int:
    """Return how well a word fits a name: 0 is best."""
    if word in {name, bare}:
        return 0
    return 1 if bare.startswith(word) else 2 if word in name else 3


def _entry(ctx: Context, hit: _Hit, sight: Sight) -> CatalogueEntry:
    detail: Detail = provided(DETAILED).load(hit.kind)(ctx, hit.said.name)
    return CatalogueEntry(
        ref=refs.make(hit.kind, hit.said.name),
        kind=hit.kind,
        name=hit.said.name,
        description=hit.said.description,
        owner=hit.said.owner,
        health=detail.health,
        at=detail.at,
        used_by=[ref for ref in detail.used_by if sight.sees(ref)],
    )


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
