"""What people write in Markdown, as HTML that can do no harm."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_SCHEMES = frozenset({"http", "https", "mailto", ""})


def html_of(text: str) -> str:
    """Return Markdown (CommonMark with tables and strike-through) as HTML.

    HTML in the text is shown as text. Links lead only to ``http``, ``https``, ``mailto`` and addresses of the
    same server; pictures are links to themselves, so that reading a page asks no other server for anything.
    """
    rendered: str = parser().render(text)
    return rendered


@cache
def parser() -> MarkdownIt:
    """Return what reads such Markdown, for those who make something else of it than HTML."""
    from markdown_it import MarkdownIt

    class HarmlessMarkdown(MarkdownIt):
        def validateLink(self, url: str) -> bool:  # noqa: N802 - the library's name
            return _is_harmless(url)

    # What people write by hand nests little; deep nesting is an attack.
    made = HarmlessMarkdown("commonmark", {"html": False, "linkify": False, "maxNesting": 20})
    made.enable(["table", "strikethrough"])
    made.disable("image")  # ``![text](address)`` becomes "!" and a link
    return made


def _is_harmless(address: str) -> bool:
    try:
        scheme = urlsplit(address.strip()).scheme
    except ValueError:
        return False
    return scheme.casefold() in _SCHEMES and not address.strip().startswith(("//", "\\", "/\\"))
