"""A card as one HTML file that needs nothing else: no script, no font, no picture from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from meguru.base.markdown import parser
from meguru.base.svg import tag
from meguru.cards.render.blocks import CardBlock, CardPage, Chapter, FactList, Grid, Listing, Prose, Remark
from meguru.monitoring.report_page.document import document, table

DEEPER, LOWEST = 2, 6


def card_html(page: CardPage) -> str:
    """Return a card as a whole document, which prints well."""
    return document(
        page.title, [tag("h1", None, page.title), *map(chapter_html, page.chapters)], page.language
    )


def chapter_html(chapter: Chapter) -> Markup:
    """Return a chapter as a section."""
    return tag(
        "section",
        {"id": f"card-{chapter.key}"},
        tag("h2", None, chapter.title),
        *map(block_html, chapter.blocks),
    )


def block_html(block: CardBlock) -> Markup:
    """Return a block, escaped."""
    match block:
        case FactList():
            rows = [
                tag("tr", None, tag("th", {"scope": "row"}, name), tag("td", None, value))
                for name, value in block.pairs
            ]
            return tag("div", {"class": "wide"}, tag("table", {"class": "pairs"}, tag("tbody", None, *rows)))
        case Grid():
            return table(block.headings, map(_row(block), block.rows), numbers=block.numbers)
        case Prose():
            return tag("div", {"class": "prose"}, prose_html(block.text))
        case Remark():
            return tag("p", {"class": "bad" if block.warns else "soft"}, block.text)
        case Listing():
            return tag("pre", None, tag("code", None, block.code))


def _row(grid: Grid) -> Callable[[Sequence[str]], Markup]:
    def one(cells: Sequence[str]) -> Markup:
        first, *rest = cells
        return tag(
            "tr",
            None,
            tag("th", {"scope": "row"}, first),
            *(
                tag("td", {"class": "number" if place in grid.numbers else None}, each)
                for place, each in enumerate(rest, 1)
            ),
        )

    return one


def prose_html(text: str) -> Markup:
    """Return what people wrote in Markdown as HTML: their own HTML is text, and no picture is fetched."""
    known = parser()
    tokens = known.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:  # below the chapter that it is in
            token.tag = f"h{min(LOWEST, int(token.tag[1]) + DEEPER)}"
    return Markup(known.renderer.render(tokens, known.options, {}))  # noqa: S704 - it escapes what it does not know
