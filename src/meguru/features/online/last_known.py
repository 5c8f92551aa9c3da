"""LRU cache of rows that were read, for views that answer with them while the store is away."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from meguru.features.online.base import FoundRow

MAX_ROWS = 100_000


class LastKnown:
    """The newest rows by view and key; of more than fit, those that were read last.

    Safe for many threads: each step is one of the dictionary's own.
    """

    def __init__(self, most: int = MAX_ROWS) -> None:
        self._rows: OrderedDict[tuple[str, bytes], FoundRow] = OrderedDict()
        self._max_rows = most

    def remember(self, view: str, keys: Sequence[bytes], rows: Iterable[FoundRow | None]) -> None:
        """Remember what was read."""
        known = self._rows
        for key, row in zip(keys, rows, strict=True):
            place = (view, key)
            known.pop(place, None)
            if row is not None:
                known[place] = row
        while len(known) > self._max_rows:
            known.popitem(last=False)

    def of(self, view: str, keys: Iterable[bytes]) -> list[FoundRow | None]:
        """Return what is known of keys."""
        return [self._rows.get((view, key)) for key in keys]
