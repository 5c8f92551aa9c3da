"""What the files that tell of data have in common: the document around them, tables, the style."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup, escape

from meguru.base.svg import tag
from meguru.monitoring.evidence.translation import EvidenceWords


@lru_cache(maxsize=1)
def style() -> str:
    """Return the style sheet, light and dark, for screens and for paper."""
    return Path(__file__).with_name("style.css").read_text("utf-8")


def document(title: str, body: Iterable[str | Markup], language: str = "en") -> str:
    """Return a whole HTML document; it may be read anywhere, and nothing in it is fetched or run."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    inside = Markup("").join(body)
    return (
        f'<!doctype html>\n<html lang="{escape(language)}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style()}</style></head><body><main>{inside}</main></body></html>\n"
    )


def table(
    headings: Sequence[str], rows: Iterable[Markup], *, numbers: frozenset[int] = frozenset()
) -> Markup:
    """Return a table that scrolls by itself where it is too wide; `numbers` are the places of numbers."""
    head = Markup("").join(
        tag("th", {"scope": "col", "class": "number" if place in numbers else None}, each)
        for place, each in enumerate(headings)
    )
    inside = (tag("thead", None, tag("tr", None, head)), tag("tbody", None, *rows))
    return tag("div", {"class": "wide"}, tag("table", None, *inside))


def number(value: float | None) -> Markup:
    """Return a cell with a number."""
    return tag("td", {"class": "number"}, "–" if value is None else f"{value:.4g}")


def and_more(count: int, words: EvidenceWords) -> list[Markup]:
    """Say how many rows a table leaves out; nothing when it has all."""
    return [tag("p", {"class": "soft"}, words.text("and {count} more", count=count))] if count > 0 else []


def paragraphs(lines: Iterable[str], kind: str | None = None) -> Markup:
    """Return a paragraph a line."""
    return Markup("").join(tag("p", {"class": kind}, line) for line in lines)


def bullets(lines: Sequence[str]) -> Markup:
    """Return a list; nothing for no lines."""
    return tag("ul", None, *(tag("li", None, line) for line in lines)) if lines else Markup("")
