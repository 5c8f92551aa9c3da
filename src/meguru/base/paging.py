"""Pages of a long list, by keyset: a cursor names the last item seen, never an offset."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from meguru.errors import InvalidInput

T = TypeVar("T")
MAX_PAGE = 1000


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """Some items of a list, and where the next page starts (empty at the end)."""

    items: list[T]
    next_cursor: str = ""


def check_limit(limit: int) -> int:
    """Return a page size within 1 to 1,000, or say what is wrong with it."""
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidInput(
            f"a page can't have {limit} items", why=f"1 to {MAX_PAGE} are allowed", field="limit"
        )
    return limit
