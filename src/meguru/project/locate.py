"""Where in a TOML file a value is written, for messages: the standard parser does not say.

Made for files that the standard parser took: what is not TOML is not found here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

Place = tuple[int, int]
Path_ = tuple[str, ...]
MAX_DEPTH = 40
"""Deeper values have the place of what holds them."""
# Strings are matched whole, so that what looks like a bracket or a comment in one is no token.
_TOKEN = re.compile(
    r"""[ \t]+ | \#[^\n]* | (?P<newline>\r?\n)
    | (?P<text>\"{3}(?:\\.|[^\\])*?\"{3,5} | '{3}.*?'{3,5} | "(?:\\.|[^"\\\n])*" | '[^'\n]*')
    | (?P<word>[A-Za-z0-9_+-]+ | :)
    | (?P<sign>[\[\]{}=,.])""",
    re.VERBOSE | re.DOTALL,
)


@dataclass
class Document:
    """The text of one file, and the places in it, which are looked for when a message needs one."""

    text: str

    @cached_property
    def places(self) -> dict[Path_, Place]:
        """Line and column, from 1, of each key, table and item of a list."""
        return dict(_Scan(self.text).document())

    def place_of(self, path: Path_) -> Place:
        """Return where a value is written, or what holds it; the beginning of the file if nothing does."""
        while path:
            if path in self.places:
                return self.places[path]
            within = [place for key, place in self.places.items() if key[: len(path)] == path]
            if within:
                return min(within)
            path = path[:-1]
        return (1, 1)


class _Scan:
    """One pass over the tokens of a document."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.line = 0
        self.kind, self.word, self.begin = "", "", 0
        self.step()

    def step(self) -> None:
        """Go to the next token; blanks and comments are none."""
        while match := _TOKEN.match(self.text, self.at):
            self.at = match.end()
            if match.lastgroup:
                self.kind, self.word, self.begin = match.lastgroup, match[0], match.start()
                return
        self.kind, self.word, self.begin = "", "", len(self.text)

    def place(self) -> Place:
        """Return the place of this token."""
        while self.line + 1 < len(self.starts) and self.starts[self.line + 1] <= self.begin:
            self.line += 1
        return self.line + 1, self.begin - self.starts[self.line] + 1

    def document(self) -> Iterator[tuple[Path_, Place]]:
        """Yield the place of everything."""
        table: Path_ = ()
        counts: dict[Path_, int] = {}
        while self.kind:
            if self.word == "[":
                place = self.place()
                table, is_item = self.header()
                if is_item:
                    counts[table] = counts.get(table, -1) + 1
                    table = (*table, str(counts[table]))
                yield table, place
            elif self.kind in {"word", "text"}:
                yield from self.pair(table, 0)
            else:
                self.step()

    def header(self) -> tuple[Path_, bool]:
        """Return the path of a table, and whether it is an item of a list of tables."""
        self.step()
        is_item = self.word == "["
        if is_item:
            self.step()
        path = self.key()
        while self.word == "]":
            self.step()
        return path, is_item

    def key(self) -> Path_:
        """Return a key with its dots taken apart."""
        parts = []
        while self.kind in {"word", "text"} or self.word == ".":
            if self.word != ".":
                parts.append(_plain(self.word) if self.kind == "text" else self.word)
            self.step()
        return tuple(parts)

    def pair(self, table: Path_, depth: int) -> Iterator[tuple[Path_, Place]]:
        """Yield the place of a key, and of what is in its value."""
        place = self.place()
        path = (*table, *self.key())
        yield path, place
        self.step()  # the sign of equality
        yield from self.value(path, depth)

    def value(self, path: Path_, depth: int) -> Iterator[tuple[Path_, Place]]:
        """Yield the places of what is in a value, and pass it."""
        if self.word not in {"[", "{"}:
            while self.kind in {"word", "text"} or self.word == ".":
                self.step()
            return
        if depth >= MAX_DEPTH:
            self.skip()
            return
        closing, number = {"[": "]", "{": "}"}[self.word], 0
        self.step()
        while self.kind and self.word != closing:
            if self.word == "," or self.kind == "newline":
                self.step()
            elif closing == "}":
                yield from self.pair(path, depth + 1)
            else:
                item, before = (*path, str(number)), self.begin
                yield item, self.place()
                yield from self.value(item, depth + 1)
                number += 1
                if self.begin == before:  # this is no TOML
                    self.step()
        self.step()

    def skip(self) -> None:
        """Pass a value with all that is in it."""
        depth = 0
        while self.kind:
            depth += (self.word in {"[", "{"}) - (self.word in {"]", "}"})
            self.step()
            if not depth:
                return


def _plain(quoted: str) -> str:
    try:
        return str(tomllib.loads(f"x = {quoted}")["x"])
    except tomllib.TOMLDecodeError:
        return quoted.strip("\"'")
