"""What the steps of a run have returned so far."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from meguru.compute.graph import FromStep
from meguru.compute.materializers.base import Value

if TYPE_CHECKING:
    from meguru.storage.blobs import BlobStore


class Outputs:
    """The values of every finished step, by its key: one, or one for each part of a tuple."""

    def __init__(self, blobs: BlobStore) -> None:
        self.blobs = blobs
        self._made: dict[str, list[Value]] = {}

    def __setitem__(self, key: str, values: list[Value]) -> None:
        self._made[key] = values

    def __getitem__(self, key: str) -> list[Value]:
        return self._made[key]

    def __contains__(self, key: object) -> bool:
        return key in self._made

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def of(self, given: FromStep) -> list[Value]:
        """Return the values that an input means."""
        values = self._made[given.step]
        from meguru.compute.materializers.items import items_of

        chosen = values if given.index is None else [values[given.index]]
        return chosen if given.item is None else [items_of(self.blobs, chosen[0])[given.item]]

    def count(self, given: FromStep) -> int:
        """Return how many items the list has that an input means."""
        from meguru.compute.materializers.items import items_of

        return len(items_of(self.blobs, self.of(given)[0]))
