"""The grammar of names: what may name a thing, which spellings are one name, and how a path or URL writes it.

There are three kinds. A *name* is an address: it stands in references, URLs and commands (a dataset, a
model, an endpoint, a step). A *key* names a value of a run (a param, a metric, a tag), and may hold spaces
and ``/ : @`` too. A *title* is for people (an experiment, a run): any text. All may be of any script, none
may hold what can't be seen. Names are the same if their NFC forms are; capital letters are other letters.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, unquote

from meguru.errors import InvalidInput

MAX_NAME = 100
MAX_KEY = 250
MAX_TITLE = 250
_ASCII = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_KEY = re.compile(r"[\w./:@ -]+")
_BETWEEN = frozenset("-_.·・")
"""What may stand between letters and digits; the dots are those of Catalan and Japanese."""
_LETTERS = frozenset("LMN")
_UNSEEN = "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f\U000e0000-\U000e0fff]"
"""Letters and marks that are drawn as nothing; what else is so is of the category Cf."""
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"
"""Unseen, but Persian and Indic words and emoji are spelt with them: a title may have them inside."""


def normal(text: str) -> str:
    """Return the one spelling of a text that is compared and kept: NFC."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def identifier(text: str) -> str:
    """Return the spelling that Python gives a name in source (NFKC), which functions and parameters have."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def is_name(text: str, *, most: int = MAX_NAME) -> bool:
    """Tell whether a text in NFC may be a name."""
    # ASCII by a regular expression, as nearly all names are; the categories of Unicode are looked up one by
    # one.
    if not 0 < len(text) <= most:
        return False
    if text.isascii():
        return _ASCII.fullmatch(text) is not None
    return (
        unicodedata.category(text[0])[0] in "LN"
        and all(char in _BETWEEN or unicodedata.category(char)[0] in _LETTERS for char in text)
        and not re.search(_UNSEEN, text)
    )


def is_key(text: str, *, most: int = MAX_KEY) -> bool:
    """Tell whether a text in NFC may be a key."""
    if text.isascii():
        return len(text) <= most and _KEY.fullmatch(text) is not None
    return (
        0 < len(text) <= most
        and all(
            char in _BETWEEN or _KEY.fullmatch(char) or unicodedata.category(char)[0] == "M" for char in text
        )
        and not re.search(_UNSEEN, text)
    )


def check_name(kind: str, name: str, *, field: str = "name", most: int = MAX_NAME) -> str:
    """Return the spelling that is kept of a name for a `kind`.

    Raises
    ------
    InvalidInput
        Unless it is 1 to `most` letters and digits of any script, ``-``, ``_`` and ``.``, and begins with a
        letter or digit.
    """
    kept = normal(name)
    if is_name(kept, most=most):
        return kept
    suggestion = nearest(kept, most=most)
    raise InvalidInput(
        f"{name[:120]!r} can't name {_article(kind)} {kind}",
        why=_unseen_in(kept)
        or f"a name is 1 to {most} letters, digits, '-', '_' or '.', a letter or digit first",
        hint=f"use {suggestion!r}" if suggestion else "",
        field=field,
    )


def check_full_name(kind: str, name: str, *, field: str = "name", most: int = MAX_NAME) -> str:
    """Return the spelling that is kept of a name with, perhaps, its project before it: ``[project/]name``.

    Both together have at most `most` characters.
    """
    project, slash, own = name.partition("/")
    if not slash:
        return check_name(kind, name, field=field, most=most)
    before = f"{check_name('project', project, field=field)}/"
    return before + check_name(kind, own, field=field, most=max(1, most - len(before)))


def check_title(kind: str, title: str, *, field: str = "name", most: int = MAX_TITLE) -> str:
    """Return the spelling that is kept of a title for a `kind`.

    Raises
    ------
    InvalidInput
        Unless it is 1 to `most` characters that can be seen, with a space nowhere but between them.
    """
    kept = normal(title)
    why = ""
    if not 0 < len(kept) <= most:
        why = f"it has {len(kept)} characters; 1 to {most} are allowed"
    elif kept != kept.strip():
        why = "it begins or ends with a space"
    else:
        why = _unseen_in(kept, but=_JOINERS) or (_unseen_in(kept[0] + kept[-1]))
    if not why:
        return kept
    suggestion = "".join(char for char in kept if not _is_unseen(char)).strip()[:most]
    raise InvalidInput(
        f"{title[:120]!r} can't name {_article(kind)} {kind}",
        why=why,
        hint=f"use {suggestion!r}" if suggestion else "",
        field=field,
    )


def quoted(name: str) -> str:
    """Write any text as one part of a path or URL: UTF-8, percent-encoded; `unquoted` reads it again.

    It is never ``.`` or ``..``, and begins with no dot.
    """
    # A leading dot would hide a file, and "." or ".." would be another folder.
    found = quote(name, safe="")
    return f"%2E{found[1:]}" if found.startswith(".") else found


def unquoted(text: str) -> str:
    """Read what `quoted` wrote."""
    return unquote(text, errors="strict")


def nearest(text: str, *, most: int = MAX_NAME) -> str:
    """Return the name that looks most like a text; empty if nothing of it can be one."""
    chars = ["" if _is_unseen(char) else char if is_name(f"a{char}") else "-" for char in text[: 2 * most]]
    found = re.sub("-{2,}", "-", "".join(chars)).strip("-._·・")[:most]
    return found if is_name(found, most=most) else ""


def _article(kind: str) -> str:
    return "an" if kind[0] in "aeiou" else "a"


def _unseen_in(text: str, *, but: str = "") -> str:
    """Say which character of a text can't be seen; nothing if there is none."""
    for char in text:
        if _is_unseen(char) and char not in but:
            return (
                f"it holds U+{ord(char):04X} {unicodedata.name(char, '')}".rstrip() + ", which can't be seen"
            )
    return ""


def _is_unseen(char: str) -> bool:
    category = unicodedata.category(char)
    return (
        category[0] == "C"
        or category in {"Zl", "Zp"}
        or (not char.isascii() and bool(re.match(_UNSEEN, char)))
    )
