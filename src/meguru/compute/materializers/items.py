"""A list whose items are values of their own: what a mapped step gives, and what a step maps over."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import msgspec

from meguru.compute.matching import item_type
from meguru.compute.materializers.base import Value, ValueStore, put
from meguru.errors import InvalidInput
from meguru.storage.blobs import BlobStore

KIND = "items"
MAX_ITEMS = 50_000
_decoder = msgspec.json.Decoder(list[Value])


class Items:
    """The list of its items' values; each item has the materializer that it would have alone."""

    def fits(self, value: Any) -> bool:
        """Never by itself: a list is split only where a later step maps over it."""
        del value
        return False

    def save(self, value: Any, annotation: Any, place: ValueStore) -> Value:
        """Write a list item by item.

        Raises
        ------
        InvalidInput
            If it is no list, or has too many items.
        """
        from meguru.compute.materializers import choose

        if not isinstance(value, list | tuple):
            raise InvalidInput(
                f"the step returned a {type(value).__name__}, and a later step maps over it",
                hint="return a list: one item for each call",
            )
        check_count(len(value))
        kind = item_type(annotation)
        return join([choose.save(item, kind, place) for item in value], place)

    def load(self, value: Value, annotation: Any, place: ValueStore) -> Any:
        """Read every item."""
        from meguru.compute.materializers import choose

        kind = item_type(annotation)
        return [choose.load(item, kind, place) for item in items_of(place.blobs, value)]


def check_count(count: int) -> None:
    """Refuse to map over more items than a run can keep apart."""
    if count > MAX_ITEMS:
        raise InvalidInput(
            f"there are {count:,} items to map over",
            why=f"each is a step of its own, and a run takes {MAX_ITEMS:,}",
            hint="map over chunks of them",
        )


def join(items: Sequence[Value], place: ValueStore) -> Value:
    """Make one value of the values of a list's items."""
    value = put(KIND, msgspec.json.encode(items), place)
    return msgspec.structs.replace(value, size=sum(item.size for item in items), info={"items": len(items)})


def items_of(blobs: BlobStore, value: Value) -> Sequence[Value]:
    """Return the values of a list's items."""
    # Not copied: each call of a mapped step asks for its own item of the same list.
    return _read(blobs, value.digest)  # type: ignore[arg-type]  # stores are hashable by identity


@functools.lru_cache(maxsize=16)  # lists of 50,000 items are large
def _read(blobs: BlobStore, digest: str) -> tuple[Value, ...]:
    return tuple(_decoder.decode(blobs.get_bytes(digest)))


ITEMS = Items()
