"""A card as Markdown. Values of records are escaped; what people wrote in Markdown can hold no HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from meguru.cards.render.blocks import CardBlock, CardPage, FactList, Grid, Listing, Prose, Remark

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~!])")
_HTML = re.compile(r"<(?=[A-Za-z/!?])(?!https?://[^\s<>]+>)(?!mailto:[^\s<>]+>)")
_SCRIPT = re.compile(r"(\]\(\s*<?|^\s*\[[^\]]+\]:\s*<?)(?=(javascript|vbscript|data|file):)", re.IGNORECASE)
_RUNS = re.compile(r"(javascript|vbscript|data|file):", re.IGNORECASE)
_HEADING = re.compile(r"^(#{1,6})(?=\s)")
_FENCE = re.compile(r"^\s*(`{3,}(?=[^`]*$)|~{3,})(.*)$")
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
    """Return what people wrote with its headings put deeper, and HTML as text; code is left as it is.

    Where code begins and ends only a whole parser knows: what would still hold HTML, or a link that runs
    something, is shown as it was written.
    """
    found, opened = [], ""
    for line in text.split("\n"):
        fence = _FENCE.match(line)
        if opened:
            if fence and fence[1].startswith(opened) and not fence[2].strip():
                opened = ""
        elif fence:
            opened = fence[1]
        else:
            line = _HEADING.sub(lambda match: "#" * min(6, len(match[1]) + DEEPER), line)  # noqa: PLW2901
            parts = _CODE.split(line)
            line = "".join(part if place % 2 else _harmless(part) for place, part in enumerate(parts))  # noqa: PLW2901
        found.append(line)
    made = "\n".join([*found, opened] if opened else found)
    return _as_written(text) if _holds_harm(made) else made


def _as_written(text: str) -> str:
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _holds_harm(text: str) -> bool:
    """Tell whether a reader of Markdown who takes HTML and any link would find some that does something."""
    tokens = _trusting().parse(text)
    for token in [*tokens, *(child for each in tokens for child in each.children or ())]:
        address = str(token.attrGet("href") or token.attrGet("src") or "")
        if token.type.startswith("html_") or _RUNS.match(address):
            return True
    return False


@cache
def _trusting() -> MarkdownIt:
    from markdown_it import MarkdownIt

    class TrustingMarkdown(MarkdownIt):
        def validateLink(self, url: str) -> bool:  # noqa: N802 - the library's name
            del url
            return True

    made = TrustingMarkdown("commonmark", {"html": True, "maxNesting": 100})
    return made.enable(["table", "strikethrough"])
