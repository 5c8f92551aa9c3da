"""``[card.…]`` of a project file: words in the file itself, or in Markdown files beside it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from meguru.base.text import LANGUAGES
from meguru.cards.parts import PARTS, key_of
from meguru.errors import InvalidInput, NotFound

MAX_BYTES = 1 << 20
_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*\s*$")
_FENCE = re.compile(r"^\s*(```|~~~)")
WITHOUT_HEADING = "description"


def prepare(root: Path, name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the spec that ``[card.NAME]`` means: the words of its file, and over them those written here.

    Raises
    ------
    NotFound, InvalidInput
        If there is no such file in the project's folder, or it can't be read.
    """
    del name
    words: dict[str, str] = {}
    if fields.get("file"):
        words |= _read(root, str(fields["file"]))
    words |= {key: fields[key] for key in PARTS if fields.get(key)}
    words |= fields.get("words") or {}
    return {"about": fields.get("about", ""), "words": {key: text.strip() for key, text in words.items()}}


def _read(root: Path, given: str) -> dict[str, str]:
    found: dict[str, str] = {}
    file = _inside(root, given)
    if not file.is_file():
        raise NotFound(f"there is no file {given}", where=given, hint="write it, or leave `file` out")
    beside = [(language, file.with_suffix(f".{language}{file.suffix}")) for language in LANGUAGES]
    for language, path in [("", file), *beside]:
        if path.is_file():
            said = parts_of(_text(path))
            found |= {f"{key}.{language}" if language else key: text for key, text in said.items()}
    return found


def _inside(root: Path, given: str) -> Path:
    file = (root / given).resolve()
    if not file.is_relative_to(root.resolve()):
        raise InvalidInput(f"{given!r} is outside of the project's folder", field="file")
    return file


def _text(path: Path) -> str:
    if path.stat().st_size > MAX_BYTES:
        raise InvalidInput(f"{path.name} is too long", field="file", why=f"up to {MAX_BYTES >> 20} MiB")
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path.name} is no text in UTF-8", field="file", why=str(error)) from error


def parts_of(text: str) -> dict[str, str]:
    """Return the parts of a Markdown text: each heading of the second level begins one.

    A file without such headings is cut at those of the first; what stands before the first one is its
    description, and headings in fenced code are none.
    """
    lines = text.splitlines()
    heads = list(_headings(lines))
    level = 2 if any(depth == 2 for _, depth, _ in heads) else 1
    cuts = [(place, title) for place, depth, title in heads if depth == level]
    found: dict[str, str] = {}
    first = cuts[0][0] if cuts else len(lines)
    before = "\n".join(line for line in lines[:first] if not line.startswith("# ")).strip()
    if before:
        found[WITHOUT_HEADING] = before
    for (place, title), (until, _) in zip(cuts, [*cuts[1:], (len(lines), "")], strict=True):
        body = "\n".join(lines[place + 1 : until]).strip()
        if body:
            found[key_of(title)] = body
    return found


def _headings(lines: list[str]) -> list[tuple[int, int, str]]:
    found, fenced = [], False
    for place, line in enumerate(lines):
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced and (match := _HEADING.match(line)):
            found.append((place, len(match[1]), match[2]))
    return found
