"""Where in a TOML file a value is written, for messages: the standard parser does not say."""

from __future__ import annotations

import re
import tomllib
from typing import Any

Place = tuple[int, int]
_HEADER = re.compile(r"^\s*(\[\[?)(.+?)\]\]?\s*(?:#.*)?$")
_KEY = re.compile(
    r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)


def places(text: str) -> dict[tuple[str, ...], Place]:
    """Return line and column, from 1, of each key and table of a well-formed file.

    A key within an inline table or a list has none of its own: `place_of` gives that of what holds it.
    """
    found: dict[tuple[str, ...], Place] = {}
    counts: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _parts(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, str(counts[table]))
            found.setdefault(table, (number, line.index("[") + 1))
        elif key := _KEY.match(line):
            found.setdefault((*table, *_parts(key[1])), (number, key.start(1) + 1))
    return found


def place_of(found: dict[tuple[str, ...], Place], path: tuple[str, ...]) -> Place:
    """Return where a value is written, or what holds it; the beginning of the file if nothing does."""
    within = [place for key, place in found.items() if key[: len(path)] == path]
    if within and path:
        return found.get(path, within[0])
    return place_of(found, path[:-1]) if path else (1, 1)


def _parts(dotted: str) -> tuple[str, ...]:
    try:
        nested: Any = tomllib.loads(f"{dotted} = 0")
    except tomllib.TOMLDecodeError:
        return (dotted,)
    names = []
    while isinstance(nested, dict):
        ((name, nested),) = nested.items()
        names.append(name)
    return tuple(names)
