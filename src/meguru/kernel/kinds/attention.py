"""What an event after which somebody has to act says of that: how bad it is, about what, and what ends it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from string import Formatter
from typing import Any

import msgspec


class Urgency(StrEnum):
    """How bad it is; from `CRITICAL` down, each is less urgent than the one before."""

    CRITICAL = "critical"
    """What users get is wrong or missing."""
    WARNING = "warning"
    """Something is broken or refused; what users get is as before."""
    INFO = "info"
    """Somebody is asked, and nothing is broken."""

    @property
    def rank(self) -> int:
        """0 for the least."""
        return [Urgency.INFO, Urgency.WARNING, Urgency.CRITICAL].index(self)


class Remedy(msgspec.Struct, frozen=True):
    """A type of event that ends a need, when its data holds the values of `where`."""

    type: str
    where: Mapping[str, Any] = {}


class Attention(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the need for a person.

    Attributes
    ----------
    severity
        How bad it is.
    about
        What lasts, written with fields of the payload (``pipeline/{pipeline}`` of a run): of one such thing
        the need is one, however often it comes. By default the event's subject.
    answered_by
        What ends it: events about the same thing, or with the same subject. That the thing is retired always
        does.
    meaning
        A sentence for those whose business it touches, with ``{subject}`` and fields of the payload; by
        default that of the event.
    """

    severity: Urgency = Urgency.WARNING
    about: str = ""
    answered_by: tuple[Remedy, ...] = ()
    meaning: str = ""

    @property
    def placeholders(self) -> set[str]:
        """The names in the braces of its texts: fields of the payload, and ``subject``."""
        return {
            name for text in (self.about, self.meaning) for _, name, _, _ in Formatter().parse(text) if name
        }
