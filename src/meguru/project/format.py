"""Write a project file in its usual form; comments, order and meaning stay."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from meguru.errors import InternalError, InvalidInput
from meguru.project.files import read_toml

WIDTH = 100
INDENT = "  "
_SPACE = re.compile(r"[ \t]*")
_COMMENT = re.compile(r"#[^\n]*")
_STRING = re.compile(
    r"""\"{3}(?:\\.|[^\\])*?\"{3,5}|'{3}.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'""", re.DOTALL
)
_SCALAR = re.compile(r"\d{4}-\d\d-\d\d \d\d:[^\s,\]}#]+|[^\s,\]}#]+")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def formatted(file: Path) -> str:
    """Return the text of a file in its usual form.

    One blank line before each table and its comments, none twice elsewhere; one space around ``=``; no
    indentation of keys; lists of more than a line with an item a line.

    Raises
    ------
    InvalidInput
        When the file is not TOML; `where` is the place.
    """
    source = read_toml(file)
    try:
        made = usual_form(file.read_text("utf-8").replace("\r\n", "\n"))
    except RecursionError:
        raise InvalidInput("the file is nested too deeply", where=f"{file}:1:1") from None
    # By `repr`: 1 and 1.0 are equal and mean different things, and so do the orders of keys.
    if repr(tomllib.loads(made)) != repr(source.content):
        message = f"{file} would not mean the same any more; it is left as it is"
        raise InternalError(message)
    return made


def usual_form(text: str) -> str:
    """Return a text that is TOML in its usual form."""
    return _Writer(text).document()


@dataclass
class _Item:
    """One item of a list, or a comment between items (`text` is empty then)."""

    text: str
    comment: str = ""


class _Writer:
    """Reads a document that is TOML, from the left to the right, and writes it anew."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def document(self) -> str:
        """Return the whole document."""
        lines: list[str] = []
        while self.at < len(self.text):
            self.space()
            line = self.statement()
            if line.startswith("["):
                _put_blank(lines)
            if line or (lines and lines[-1]):
                lines.append(line)
            self.at += self.text[self.at : self.at + 1] == "\n"
        while lines and not lines[-1]:
            lines.pop()
        return "".join(f"{line}\n" for line in lines)

    def statement(self) -> str:
        """Return a table's header, a key with its value, or a comment; empty for a blank line."""
        if self.now == "[":
            opening = "[[" if self.text.startswith("[[", self.at) else "["
            self.at += len(opening)
            line = f"{opening}{self.key()}{']' * len(opening)}"
            self.at += len(opening)
        elif self.now in {"\n", "", "#"}:
            return self.comment()
        else:
            line = self.pair()
        return " ".join(filter(None, (line, self.comment())))

    @property
    def now(self) -> str:
        """The next letter; empty at the end."""
        return self.text[self.at : self.at + 1]

    def space(self) -> None:
        """Pass blanks."""
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def take(self, pattern: re.Pattern[str]) -> str:
        """Return what a pattern matches here, and pass it; empty if nothing."""
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return found[0] if found else ""

    def comment(self) -> str:
        """Return the comment that stands here, if one does."""
        self.space()
        return self.take(_COMMENT).rstrip()

    def pair(self) -> str:
        """Return a key and its value."""
        key = self.key()
        self.at += 1  # the sign of equality
        self.space()
        return f"{key} = {self.value(len(key) + 3)}"

    def key(self) -> str:
        """Return a key, its parts joined by dots."""
        parts = []
        while True:
            self.space()
            parts.append(self.take(_BARE) or self.string())
            self.space()
            if self.now != ".":
                return ".".join(parts)
            self.at += 1

    def string(self) -> str:
        """Return a text; one in single quotes gets double ones, where that is the same."""
        found = self.take(_STRING)
        if found.startswith("'") and not found.startswith("'''") and not set(found) & {'"', "\\"}:
            return f'"{found[1:-1]}"'
        return found

    def value(self, begin: int, indent: str = "") -> str:
        """Return a value that begins in this column."""
        if self.now == "[":
            return self.array(begin, indent)
        if self.now == "{":
            return self.inline_table(begin, indent)
        return self.string() or self.take(_SCALAR)

    def inline_table(self, begin: int, indent: str) -> str:
        """Return a table on one line."""
        self.at += 1
        pairs: list[str] = []
        while True:
            self.space()
            while self.now in {",", "\n"}:
                self.at += 1
                self.space()
            if self.now == "}":
                self.at += 1
                return f"{{ {', '.join(pairs)} }}" if pairs else "{}"
            key = self.key()
            self.at += 1
            self.space()
            pairs.append(f"{key} = {self.value(begin, indent)}")

    def array(self, begin: int, indent: str) -> str:
        """Return a list: on one line if it was written so and fits, else with an item a line."""
        start, items = self.at, self.items(indent + INDENT)
        line = f"[{', '.join(each.text for each in items)}]"
        is_long = "\n" in self.text[start : self.at] or begin + len(line) > WIDTH
        if not items or not (is_long or any(each.comment for each in items)):
            return line
        lines = []
        for item in items:
            text = f"{item.text}," if item.text else ""
            lines.append(indent + INDENT + " ".join(filter(None, (text, item.comment))))
        return "\n".join(["[", *lines, f"{indent}]"])

    def items(self, indent: str) -> list[_Item]:
        """Return the items of a list, each with the comment at the end of its line."""
        self.at += 1
        items: list[_Item] = []
        is_new_line = True
        while True:
            self.space()
            if self.now == "]":
                self.at += 1
                return items
            if self.now in {",", "\n"}:
                is_new_line = is_new_line or self.now == "\n"
                self.at += 1
            elif self.now == "#":
                comment = self.comment()
                if is_new_line or not items or items[-1].comment:
                    items.append(_Item("", comment))
                else:
                    items[-1].comment = comment
            else:
                items.append(_Item(self.value(len(indent), indent)))
                is_new_line = False


def _put_blank(lines: list[str]) -> None:
    """Put one blank line before the comments that stand just above what follows."""
    at = len(lines)
    while at and lines[at - 1].startswith("#"):
        at -= 1
    if at and lines[at - 1]:
        lines.insert(at, "")
