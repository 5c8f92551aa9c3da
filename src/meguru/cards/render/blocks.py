"""What a card is made of when it is shown: chapters of facts, tables and texts, in one language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FactList:
    """Names with their values, as texts."""

    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of texts; `numbers` are the places of columns that hold numbers."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Prose:
    """What people wrote, in Markdown."""

    text: str


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence about what stands there; one that `warns` is seen at once."""

    text: str
    warns: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """Something to be typed or sent, as it is."""

    code: str


CardBlock = FactList | Grid | Prose | Remark | Listing


@dataclass(frozen=True, slots=True)
class Chapter:
    """A heading, with what is below it; `key` is its anchor."""

    key: str
    title: str
    blocks: Sequence[CardBlock] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class CardPage:
    """A whole card, in one language."""

    title: str
    language: str
    chapters: Sequence[Chapter]
