"""A person in free text and in JSON: found, and masked in place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from meguru.artifacts.erasure.forms import forms_of
from meguru.artifacts.erasure.subject import ErasureSubject

MASK = "•••"
MAX_NAMES = 10_000
MIN_TELLING = 6
"""Text of so many characters tells one person wherever it stands; less only behind its column's name."""


class TextRedactor:
    """Finds the values of a person in text: long ones anywhere, as a word; short ones behind their column.

    In a log ``user_id=7`` or ``"user_id": 7`` is the person's, and the 7 in ``7 rows`` is not.
    """

    def __init__(self, subject: ErasureSubject) -> None:
        self._subject = subject
        self._pattern = re.compile("|".join(_patterns(subject)) or r"(?!)", re.IGNORECASE)
        self.telling = [
            form for values in subject.who.values() for form in forms_of(values) if is_telling(form)
        ]
        """Values that may be searched for as they are."""
        self._names: dict[str, tuple[str, int]] = {}

    def masked(self, text: str) -> tuple[str, int]:
        """Return a text without the person, and in how many places they were."""
        return self._pattern.subn(_mask, text)

    def without(self, value: Any) -> tuple[Any, int]:
        """Return a JSON value without the person: of a list of records theirs go, else a value is masked."""
        if isinstance(value, str):
            return self.masked(value)
        if isinstance(value, dict):
            return self._of_dict(value)
        if isinstance(value, list):
            kept = [each for each in value if not self._is_theirs(each)]
            done = [self.without(each) for each in kept]
            return [each for each, _ in done], len(value) - len(kept) + sum(count for _, count in done)
        return value, 0

    def _of_dict(self, value: dict[str, Any]) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        count = 0
        for key, inside in value.items():
            name, named = self._of_name(key)
            if self._subject.is_value(key, inside if isinstance(inside, str | int | float) else None):
                found[name], more = MASK, 1
            elif key in self._subject.columns and isinstance(inside, list):
                kept = [each for each in inside if not self._subject.is_value(key, each)]
                found[name], more = kept, len(inside) - len(kept)
            else:
                found[name], more = self.without(inside)
            count += more + named
        return found, count

    def _of_name(self, name: str) -> tuple[str, int]:
        if name not in self._names:
            if len(self._names) >= MAX_NAMES:
                self._names.clear()
            self._names[name] = self.masked(name)
        return self._names[name]

    def _is_theirs(self, value: Any) -> bool:
        return isinstance(value, dict) and any(
            self._subject.is_value(key, each)
            for key, each in value.items()
            if isinstance(each, str | int | float)
        )


def _mask(found: re.Match[str]) -> str:
    return (found[found.lastindex] if found.lastindex else "") + MASK


def is_telling(form: str) -> bool:
    """Tell whether a value tells a person wherever it stands, as an e-mail address does, and 7 does not."""
    return len(form) >= MIN_TELLING and not form.replace(".", "").isdecimal()


def _patterns(subject: ErasureSubject) -> Iterator[str]:
    """Give a pattern a value; what stands before a short one is a group, and is kept: text may be parsed."""
    behind = []
    for column, values in subject.who.items():
        for form in forms_of(values):
            if is_telling(form):
                yield rf"(?<![\w.+-]){re.escape(form)}(?![\w-]|\.\w)"
            else:
                behind.append(
                    rf"((?<!\w){re.escape(column)}[\"']?\s*[=:]\s*[\"']?){re.escape(form)}(?![\w.]*\w)"
                )
    if behind:
        yield "|".join(behind)
