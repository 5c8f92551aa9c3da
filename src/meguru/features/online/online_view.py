"""A version of a view, prepared for reading online."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from meguru.features import dtypes
from meguru.features.types import MissingPolicy

if TYPE_CHECKING:
    from meguru.features.online.keys import KeyLayout
    from meguru.features.online.layout import Layout

PER_SECOND = 1_000_000


class OnlineView:
    """What reading a version of a view takes.

    Attributes
    ----------
    ref, stored
        Its reference (``feature_view/weather@2``), and what it is called in a store; empty: nothing of it is
        there yet.
    keys, layout
        How its keys, and the values of its features, are packed.
    ttl
        How long a value holds after its time, in microseconds; None for ever.
    missing, defaults
        What stands in for a value that is not there; the defaults in the order of the features.
    spelled
        The types of the features, as they are written.
    absent
        The values of an entity that has no row, or too old a one: as offline.
    """

    __slots__ = ("absent", "defaults", "keys", "layout", "missing", "name", "ref", "spelled", "stored", "ttl")

    def __init__(
        self,
        ref: str,
        stored: str,
        keys: KeyLayout,
        layout: Layout,
        *,
        ttl: float | None = None,
        missing: MissingPolicy = "default",
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        self.ref, self.stored, self.keys, self.layout = ref, stored, keys, layout
        self.name = ref.removeprefix("feature_view/").rpartition("@")[0]
        self.ttl = None if ttl is None else round(ttl * PER_SECOND)
        self.missing = missing
        self.spelled = [dtypes.spelled(kind) for kind in layout.types.values()]
        given = defaults or {}
        self.defaults = [given.get(name) for name in layout.names]
        self.absent = self.defaults if missing == "default" else [None] * len(layout.names)
