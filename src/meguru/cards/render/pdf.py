"""A card as PDF. Japanese is in a font that readers of PDF have: none is embedded, and text can be copied."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from meguru.base.markdown import parser
from meguru.cards.render.blocks import CardBlock, CardPage, FactList, Grid, Listing, Prose, Remark
from meguru.errors import MissingDependency

if TYPE_CHECKING:
    from markdown_it.token import Token

LATIN, BOLD, MONO, JAPANESE = "Helvetica", "Helvetica-Bold", "Courier", "HeiseiKakuGo-W5"
_WIDE = re.compile(r"[^\x00-\xff–…−→⚠]+")
_SIGNS = {"⚠": "!", "→": "->", "−": "-", "≥": ">=", "≤": "<="}
MARGIN = 42.0
MAX_LINES, LETTER = 60, 7.0
"""Lines of a cell that are shown, and the points that its widest letters take."""
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")


def card_pdf(page: CardPage) -> bytes:
    """Return a card as a PDF file.

    Raises
    ------
    MissingDependency
        Without the extra ``pdf``.
    """
    try:
        from reportlab.lib.pagesizes import A4
        from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer
    except ImportError as error:
        raise MissingDependency.of("pdf", "reportlab") from error

    style = _styles()
    parts: list[Any] = [Paragraph(marked(page.title), style["title"])]
    for chapter in page.chapters:
        parts.append(Paragraph(marked(chapter.title), style["heading"]))
        for block in chapter.blocks:
            parts += [*_block(block), Spacer(1, 4)]
    target = io.BytesIO()
    made = SimpleDocTemplate(
        target,
        pagesize=A4,
        title=page.title,
        author="Meguru",
        lang=page.language,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        invariant=True,  # the same card is the same file
    )
    made.build(parts, onFirstPage=_numbered, onLaterPages=_numbered)
    return target.getvalue()


def marked(text: str) -> str:
    """Return a text as the little markup that a paragraph takes: escaped, Japanese in its font."""
    text = _UNSEEN.sub("", text)
    for sign, plain in _SIGNS.items():
        text = text.replace(sign, plain)
    return _WIDE.sub(lambda found: f'<font name="{JAPANESE}">{found[0]}</font>', escape(text)).replace(
        "\n", "<br/>"
    )


@lru_cache(maxsize=1)
def _styles() -> dict[str, Any]:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfbase.pdfmetrics import registerFont

    registerFont(UnicodeCIDFont(JAPANESE))
    body = ParagraphStyle(
        "body", fontName=LATIN, fontSize=8.5, leading=12, wordWrap="CJK", splitLongWords=True
    )
    return {
        "body": body,
        "title": ParagraphStyle("title", body, fontName=BOLD, fontSize=16, leading=22, spaceAfter=6),
        "heading": ParagraphStyle(
            "heading",
            body,
            fontName=BOLD,
            fontSize=11,
            leading=15,
            spaceBefore=10,
            spaceAfter=3,
            keepWithNext=1,
        ),
        "warning": ParagraphStyle("warning", body, textColor="#b3261e"),
        "cell": ParagraphStyle("cell", body, fontSize=7, leading=9),
        "number": ParagraphStyle("number", body, fontSize=7, leading=9, alignment=2),
        "code": ParagraphStyle("code", body, fontName=MONO, fontSize=7.5, leading=10, backColor="#f2f2ee"),
    }


def _block(block: CardBlock) -> list[Any]:
    from reportlab.platypus import Paragraph

    style = _styles()
    match block:
        case FactList():
            return [_table([(name, value) for name, value in block.pairs], (0.27, 0.73))]
        case Grid():
            return [_table([block.headings, *block.rows], _widths(block), head=True, numbers=block.numbers)]
        case Prose():
            return [
                Paragraph(text, style[kind], bulletText=bullet) for text, kind, bullet in prose(block.text)
            ]
        case Remark():
            return [Paragraph(marked(block.text), style["warning" if block.warns else "body"])]
        case Listing():
            return [Paragraph(marked(block.code), style["code"])]


def _widths(grid: Grid) -> tuple[float, ...]:
    """Return the share of each column: as long as its longest text, within bounds."""
    longest = [
        min(40, max(6, *(len(row[place]) for row in [grid.headings, *grid.rows])))
        for place in range(len(grid.headings))
    ]
    return tuple(each / sum(longest) for each in longest)


def _table(
    rows: Sequence[Sequence[str]],
    shares: Sequence[float],
    *,
    head: bool = False,
    numbers: frozenset[int] = frozenset(),
) -> Any:
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import Paragraph, Table

    style = _styles()
    width = A4[0] - 2 * MARGIN
    cells = [
        [
            Paragraph(
                marked(_shortened(text, width * share)), style["number" if place in numbers else "cell"]
            )
            for place, (text, share) in enumerate(zip(row, shares, strict=True))
        ]
        for row in rows
    ]
    lines = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.25, "#cccccc"),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
        *([("BACKGROUND", (0, 0), (-1, 0), "#efede6")] if head else []),
    ]
    return Table(cells, colWidths=[width * each for each in shares], repeatRows=int(head), style=lines)


def _shortened(text: str, width: float) -> str:
    """Return a cell's text in one line, as much of it as a row may hold: a row does not go over pages."""
    most = max(2, int(width / LETTER)) * MAX_LINES
    said = " ".join(text.split())
    return said if len(said) <= most else said[: most - 1] + "…"


def prose(text: str) -> Iterator[tuple[str, str, str | None]]:
    """Yield the paragraphs of what people wrote: markup, style, and the sign before it (None: none)."""
    depth, counts, kind = 0, list[int | None](), "body"
    for token in parser().parse(text):
        if token.type in {"bullet_list_open", "ordered_list_open"}:
            depth += 1
            counts.append(None if token.type.startswith("bullet") else int(token.attrGet("start") or 1))
        elif token.type in {"bullet_list_close", "ordered_list_close"}:
            depth -= 1
            counts.pop()
        elif token.type in {"heading_open", "heading_close"}:
            kind = "heading" if token.nesting == 1 else "body"
        elif token.type in {"fence", "code_block"}:
            yield marked(token.content.rstrip("\n")), "code", None
        elif token.type == "inline":
            sign = None
            if depth and (last := counts[-1]) is None:
                sign = "•"
            elif depth:
                sign = f"{last}."
                counts[-1] = (last or 0) + 1
            yield _inline(token.children or []), kind, sign


def _inline(tokens: Sequence[Token]) -> str:
    """Return words with their emphasis; a link is its text and its address."""
    found = []
    for token in tokens:
        match token.type:
            case "strong_open":
                found.append("<b>")
            case "strong_close":
                found.append("</b>")
            case "em_open":
                found.append("<i>")
            case "em_close":
                found.append("</i>")
            case "softbreak" | "hardbreak":
                found.append("<br/>" if token.type == "hardbreak" else " ")
            case "link_close":
                found.append("")
            case "link_open":
                found.append(f"[{marked(str(token.attrGet('href') or ''))}] ")
            case "code_inline":
                found.append(
                    f'<font name="{MONO}">{escape(token.content)}</font>'
                    if token.content.isascii()
                    else marked(token.content)
                )
            case _:
                found.append(marked(token.content))
    return "".join(found)


def _numbered(canvas: Any, document: Any) -> None:
    from reportlab.lib.pagesizes import A4

    canvas.saveState()
    canvas.setFont(LATIN, 7)
    canvas.drawRightString(A4[0] - MARGIN, MARGIN / 2, str(document.page))
    canvas.restoreState()
