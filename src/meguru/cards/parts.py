"""The parts of a card that people write: their keys, and what they are called."""

from __future__ import annotations

import re

from meguru.base.text import LANGUAGES, mark, translate
from meguru.errors import InvalidInput

PARTS: dict[str, str] = {
    "description": mark("Description"),
    "intended_use": mark("Intended use"),
    "out_of_scope": mark("Out-of-scope use"),
    "owners": mark("Owners"),
    "contacts": mark("Contacts"),
    "licence": mark("Licence"),
    "collection": mark("How the data were collected"),
    "personal_data": mark("Personal data"),
    "ethical_considerations": mark("Ethical considerations"),
    "limitations": mark("Limitations"),
    "dependencies": mark("Dependencies"),
    "procedures": mark("What to do when something happens"),
    "escalation": mark("Whom to call"),
    "maintenance": mark("Maintenance"),
    "caveats": mark("Caveats and recommendations"),
}
"""In the order in which they are shown; further parts follow by name."""
MAX_PARTS, MAX_LENGTH = 60, 50_000
_KEY = re.compile(r"[^\W\d][\w-]{0,59}(\.(en|ja))?")
_SPACES = re.compile(r"[\s/]+")


def check_part(key: str, field: str = "part") -> str:
    """Return the key of a part; refuse what can't be one.

    Raises
    ------
    InvalidInput
        If it is no word; ``.ja`` at its end says in which language the text is.
    """
    if not _KEY.fullmatch(key):
        hint = "write a word, such as intended_use; intended_use.ja is its text in Japanese"
        raise InvalidInput(f"{key[:80]!r} is no part of a card", field=field, hint=hint)
    return key


def check_text(key: str, text: str, field: str = "text") -> str:
    """Return a part's text; refuse one that is too long, or holds what is no text."""
    if len(text) > MAX_LENGTH:
        raise InvalidInput(
            f"the part {key!r} is too long", field=field, why=f"up to {MAX_LENGTH:,} characters"
        )
    if any(ord(letter) < 32 and letter not in "\n\t" for letter in text):
        raise InvalidInput(f"the part {key!r} holds control characters", field=field)
    return text


def split_language(key: str) -> tuple[str, str]:
    """Return a part's key without its language, and the language; empty when none is said."""
    head, dot, tail = key.rpartition(".")
    return (head, tail) if dot and tail in LANGUAGES else (key, "")


def title_of(key: str, language: str = "en") -> str:
    """Return what a part is called in a language."""
    bare = split_language(key)[0]
    if bare in PARTS:
        return translate(PARTS[bare], language)
    return bare.replace("_", " ").capitalize()


def key_of(title: str) -> str:
    """Return the part that a heading names, in English or Japanese; one of its own where none is known."""
    said = title.strip().strip("#").strip()
    for key, known in PARTS.items():
        names = {known, key.replace("_", " "), *(translate(known, each) for each in LANGUAGES)}
        if said.casefold() in {name.casefold() for name in names}:
            return key
    return _SPACES.sub("_", said.casefold())[:60]


def in_order(keys: list[str]) -> list[str]:
    """Return keys of parts in the order in which they are shown."""
    known = list(PARTS)
    return sorted(keys, key=lambda key: (known.index(key) if key in known else len(known), key))
