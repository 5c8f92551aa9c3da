"""A summary for business readers: sentences, each in the language of its reader."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from meguru.base.text import translate


class PlainSentence(msgspec.Struct, frozen=True, kw_only=True):
    """A message with its values; `ref` is what it is about, `tone` good, bad, odd, or nothing.

    What is said by others than a message (alerts say themselves what they mean) is in `texts`, by language.
    """

    message: str = ""
    values: dict[str, Any] = {}
    texts: dict[str, str] = {}
    ref: str = ""
    tone: str = ""
    at: datetime | None = None

    def say(self, language: str) -> str:
        """Return the sentence in a language."""
        if self.texts:
            return self.texts.get(language) or self.texts["en"]
        return translate(self.message, language).format(**self.values)


class EndpointSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One service: what it is for, what it was worth, what is at risk, and what changed."""

    endpoint: str
    purpose: str
    standing: PlainSentence
    value: list[PlainSentence]
    risks: list[PlainSentence]
    changes: list[PlainSentence]


class BusinessSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What happened from `since` on, before `until`, at the endpoints that the reader may see.

    `risks` are those of no endpoint in particular, `more` how many endpoints are not told of.
    """

    project: str
    since: datetime
    until: datetime
    endpoints: list[EndpointSummary]
    risks: list[PlainSentence]
    more: int = 0

    @property
    def needs_attention(self) -> int:
        """How many things are at risk."""
        return len(self.risks) + sum(len(endpoint.risks) for endpoint in self.endpoints)
