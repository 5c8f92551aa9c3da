"""What a card is: the facts of a version, and the words of people about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from meguru.base import digests, refs
from meguru.cards.facts.types import CardFacts


class Trait(msgspec.Struct, frozen=True, kw_only=True):
    """Something about a version by which people judge: a feature, a metric's value, a slice.

    `what` is the sort of it, `name` which one, `value` what it is (empty where being there is all).
    """

    what: str
    name: str
    value: str = ""


class TraitChange(msgspec.Struct, frozen=True, kw_only=True):
    """What differs between two versions: `added` and `gone` names, or one value `before` and `after`."""

    what: str
    name: str = ""
    before: str = ""
    after: str = ""
    added: list[str] = []
    gone: list[str] = []


class PartReview(msgspec.Struct, frozen=True, kw_only=True):
    """When a part was looked at last: by whom, and for which version, with what that was like."""

    part: str
    digest: str
    version: str
    traits: list[Trait]
    at: datetime
    by: str


class CardText(msgspec.Struct, frozen=True, kw_only=True):
    """A part that people wrote.

    `written_for` is the version for which it was written or confirmed last; `since` is what differs from
    that one, and makes the part stale: somebody should look at it again.
    """

    part: str
    text: str
    written_for: str = ""
    by: str = ""
    at: datetime | None = None
    since: list[TraitChange] = []

    @property
    def is_stale(self) -> bool:
        """Whether something changed that nobody has looked at since."""
        return bool(self.since)


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """The card of one version.

    `about` is its reference, `card` that of the declared words (empty: nobody wrote any). `at` is when it was
    put together, `number` how many were kept of this version when it was kept itself (0: it was not).
    """

    about: str
    at: datetime
    facts: CardFacts
    words: list[CardText] = []
    card: str = ""
    number: int = 0

    @property
    def subject(self) -> refs.Ref:
        """What it is about."""
        return refs.parse(self.about)

    @property
    def digest(self) -> str:
        """The digest of what it says; when it was put together is no part of that."""
        return digests.of_value({"about": self.about, "facts": self.facts, "words": self.words})

    @property
    def stale(self) -> list[CardText]:
        """The parts that somebody should look at again."""
        return [word for word in self.words if word.is_stale]

    def text_of(self, part: str, language: str = "en") -> str:
        """Return the text of a part in a language, else the one that says none; empty if there is none."""
        by_key = {word.part: word.text for word in self.words}
        return by_key.get(f"{part}.{language}") or by_key.get(part) or by_key.get(f"{part}.en", "")


class KeptCard(msgspec.Struct, frozen=True, kw_only=True):
    """That a card was kept: of which version, when, by whom and why, and the digest of what it says."""

    about: str
    number: int
    digest: str
    at: datetime
    by: str
    reason: str
    event: str


class DeclaredCard(msgspec.Struct, frozen=True, kw_only=True):
    """The words about a thing, as they are declared."""

    name: str
    about: str
    words: dict[str, str]

    @property
    def ref(self) -> str:
        """Its reference."""
        return refs.make("card", self.name)


class CardChange(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in which two cards differ: where, and what was before and after (None: nothing)."""

    section: str
    name: str
    before: Any = None
    after: Any = None


class CardDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What changed from one card to another."""

    before: str
    after: str
    changes: list[CardChange]


class CardFile(msgspec.Struct, frozen=True, kw_only=True):
    """A card as a file: what to call it, its media type, and its bytes."""

    name: str
    media_type: str
    content: bytes
