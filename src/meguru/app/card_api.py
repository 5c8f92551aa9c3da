"""`meguru.card`: the card of a version in a notebook, or in a program."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from meguru.app import calls
from meguru.app.open import open_workspace
from meguru.base.text import language_of
from meguru.cards.export import CardFormat, card_file, words_in
from meguru.cards.facts.types import CardFacts
from meguru.cards.types import Card, CardText
from meguru.errors import InvalidInput


class NotebookCard(msgspec.Struct, frozen=True, kw_only=True):
    """A card that shows itself in a notebook; `card` is what it says."""

    card: Card
    language: str

    @property
    def facts(self) -> CardFacts:
        """What the records say."""
        return self.card.facts

    @property
    def stale(self) -> list[CardText]:
        """The parts that people wrote and should look at again."""
        return self.card.stale

    def write(self, path: str | Path, format: CardFormat | Literal[""] = "") -> Path:
        """Write a file, in the format that its ending tells: ``.md``, ``.html``, ``.pdf`` or ``.json``."""
        target = Path(path)
        endings: dict[str, CardFormat] = {".md": "markdown", ".html": "html", ".pdf": "pdf", ".json": "json"}
        chosen = format or endings.get(target.suffix.casefold())
        if chosen is None:
            hint = f"end its name with one of {', '.join(endings)}, or name a format"
            raise InvalidInput(f"{target.name!r} does not tell a format", hint=hint, field="path")
        target.write_bytes(self._as(chosen))
        return target

    def _as(self, format: CardFormat) -> bytes:
        return card_file(self.card, format, words_in(self.language)).content

    def _repr_markdown_(self) -> str:
        return self._as("markdown").decode()

    def __str__(self) -> str:
        """Return it as Markdown."""
        return self._repr_markdown_()


def card(ref: str, *, language: str = "", workspace: str | Path | None = None) -> NotebookCard:
    """Show the card of a version: ``delay@4``, ``dataset/flights@2`` or ``endpoint/delay``.

    Parameters
    ----------
    ref
        A bare name is a model's.
    language
        ``en`` or ``ja``; by default that of the environment.
    workspace
        Default: ``MEGURU_WORKSPACE``, else the project's.

    Examples
    --------
    >>> found = card("delay@champion")  # doctest: +SKIP
    >>> [each.part for each in found.stale]  # doctest: +SKIP
    ['intended_use']
    >>> found.write("delay.pdf")  # doctest: +SKIP
    """
    named = ref if ref.startswith(("model/", "dataset/", "endpoint/")) else f"model/{ref}"
    place: Any = open_workspace(workspace, create=False)
    try:
        return NotebookCard(card=calls.card_show(place, ref=named), language=language or language_of())
    finally:
        place.close()
