"""Patterns of types of events, as webhooks and notifications name what they are told of: ``release.*``."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from meguru.base import refs
from meguru.errors import InvalidInput, near_misses
from meguru.kernel.kinds.event_types import event_types
from meguru.kernel.kinds.everything import load_kinds

MAX_PATTERNS = 50
MAX_LENGTH = 100


def matches(patterns: Iterable[str], type: str) -> bool:
    """Tell whether a type of event is meant by one of the patterns."""
    return any(fnmatchcase(type, pattern) for pattern in patterns)


def check_patterns(patterns: list[str], *, field: str) -> list[str]:
    """Return patterns, each once; refuse one that no event can match.

    Raises
    ------
    InvalidInput
        With types of events that look like what was meant.
    """
    if len(patterns) > MAX_PATTERNS:
        raise InvalidInput(f"at most {MAX_PATTERNS} patterns of events", field=field)
    load_kinds()
    known = list(event_types())
    for pattern in patterns:
        if not any(fnmatchcase(each, pattern) for each in known) and not _is_of_plugin(pattern):
            nouns = [f"{each.partition('.')[0]}.*" for each in known]
            close = near_misses(pattern, [*known, *dict.fromkeys(nouns)])
            hint = f"did you mean {close[0]!r}?" if close else "release.* means all of releases"
            raise InvalidInput(f"no event is called {pattern[:MAX_LENGTH]!r}", hint=hint, field=field)
    return list(dict.fromkeys(patterns))


def _is_of_plugin(pattern: str) -> bool:
    """Tell whether it may be an event of an installed action, which no kind declares."""
    noun, dot, verb = pattern.partition(".")
    plain = noun.replace("_", "").isalnum() and verb.replace("_", "").isalnum()
    return bool(dot) and plain and len(pattern) <= MAX_LENGTH and noun not in refs.KINDS
