"""A card as Markdown. Values of records are escaped; what people wrote in Markdown can hold no HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from meguru.cards.render.blocks import CardBlock, CardPage, FactList, Grid, Listing, Prose, Remark

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~!])")
_HTML = re.compile(r"<(?=[A-Za-z/!?])(?!https?://[^\s<>]+>)(?!mailto:[^\s<>]+>)")
_SCRIPT = re.compile(r"(\]\(\s*<?|^\s*\[[^\]]+\]:\s*<?)(?=(javascript|vbscript|data|file):)", re.IGNORECASE)
_HEADING = re.compile(r"^(#{1,6})(?=\s)")
_FENCE = re.compile(r"^\s*(```|~~~)")
_CODE = re.compile(r"(`+[^`]*`+)")
DEEPER = 2
"""Headings that people write are below the part that they are in."""


def markdown(page: CardPage) -> str:
    """Return a card as a Markdown text."""
    lines = [f"# {escaped(page.title)}", ""]
    for chapter in page.chapters:
        lines += [f"## {escaped(chapter.title)}", ""]
        for block in chapter.blocks:
            lines += [*_block(block), ""]
    return "\n".join(lines).rstrip() + "\n"


def escaped(text: str) -> str:
    """Return a text of a record as Markdown that says just that, in one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.replace("&", "&amp;").split()))


def _block(block: CardBlock) -> list[str]:
    match block:
        case FactList():
            return [f"- **{escaped(name)}**: {escaped(value)}" for name, value in block.pairs]
        case Grid():
            return list(_grid(block))
        case Prose():
            return prose(block.text).split("\n")
        case Remark():
            return [f"> ⚠ {escaped(block.text)}" if block.warns else escaped(block.text)]
        case Listing():
            return ["```", *block.code.replace("```", "` ` `").split("\n"), "```"]


def _grid(grid: Grid) -> Iterator[str]:
    yield _row(grid.headings)
    yield _row(["---:" if place in grid.numbers else "---" for place in range(len(grid.headings))], raw=True)
    for row in grid.rows:
        yield _row(row)


def _row(cells: Sequence[str], *, raw: bool = False) -> str:
    return "| " + " | ".join(cells if raw else map(escaped, cells)) + " |"


def _harmless(text: str) -> str:
    return _SCRIPT.sub(r"\1about:blank#", _HTML.sub("&lt;", text))


def prose(text: str) -> str:
    """Return what people wrote with its headings put deeper, and HTML as text; code is left as it is."""
    found, fenced = [], False
    for line in text.split("\n"):
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            line = _HEADING.sub(lambda match: "#" * min(6, len(match[1]) + DEEPER), line)  # noqa: PLW2901
            parts = _CODE.split(line)
            line = "".join(part if place % 2 else _harmless(part) for place, part in enumerate(parts))  # noqa: PLW2901
        found.append(line)
    return "\n".join([*found, "```"] if fenced else found)
