"""Text of the command line in the reader's language, and its width on a terminal."""

from __future__ import annotations

import re
import unicodedata

from meguru.base.text import language_of, translate

_PIECES = r"\s+|(?:[\x21-\x7e]+|[^\x00-\x7f])[、。)」』ー]*"


def gettext(message: str, context: str = "") -> str:
    """Return `message` in the language of this process; `context` tells apart words that mean two things."""
    language = language_of()
    if language == "en":
        return message
    key = f"{context}|{message}" if context else message
    found = translate(key, language, room="cli")
    return message if context and found == key else found


def width_of(text: str) -> int:
    """Return the cells that a text takes on a terminal; letters of China, Japan and Korea take two."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.combining(letter) > 0 for letter in text)


def wrap(text: str, width: int) -> list[str]:
    """Break a text into lines of so many cells: between words, and anywhere between wide letters."""
    lines, line, used = [], "", 0
    for piece in re.findall(_PIECES, text):
        needed = width_of(piece)
        if used + needed > width and line.strip():
            lines.append(line.rstrip())
            line, used = "", 0
        if line or not piece.isspace():
            line, used = line + piece, used + needed
    return [*lines, line.rstrip()] if line.strip() else lines


def cut(text: str, width: int) -> str:
    """Return a text in at most so many cells; what was cut is marked, and no reference is cut in two."""
    if width_of(text) <= width:
        return text
    short = text
    while short and width_of(short) > width - 1:
        short = short[:-1]
    word = short.rpartition(" ")[2] + text[len(short) :].partition(" ")[0]
    if "/" in word or "@" in word:
        short = short.rpartition(" ")[0]
    return short.rstrip() + "…"
