"""Point-in-time lookups: what views knew at an earlier moment, for requests that say when they happened."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from meguru.base import refs
from meguru.features.materialization import store as online
from meguru.features.offline.cache import find_cached_rows
from meguru.features.offline.join import matched
from meguru.features.offline.row_files import CachedRows
from meguru.features.online.as_of import PointInTimeValues
from meguru.features.types import PinnedView
from meguru.kernel.workspace import Workspace
from meguru.serving.features.plan import PlannedView

if TYPE_CHECKING:
    import numpy as np

_MAX_OPEN = 32


class PointInTimeRows:
    """The rows of views over what was last brought online, as they were kept when that was computed.

    Nothing is computed here: a server runs no code of a project.
    """

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._open: OrderedDict[str, CachedRows] = OrderedDict()
        self._lock = threading.Lock()

    def of(
        self,
        view: PlannedView,
        names: Sequence[str],
        keys: Sequence[Sequence[Any]],
        moments: Sequence[int],
    ) -> PointInTimeValues | None:
        """Return what a view knew of keys at moments, in microseconds; None if that is not at hand.

        `names` are the features, in the order in which their values are wanted.
        """
        digest, rows = self._rows(view)
        if rows is None or set(names) != set(rows.about.features):
            return None
        try:
            return self._held(rows, names, keys, moments)
        except OSError:
            # Columns are opened when they are first asked for, and the cache may have freed the folder since:
            # the least used goes first, and what is held open here is not seen as used.
            with self._lock:
                self._open.pop(digest, None)
            return None

    @staticmethod
    def _held(
        rows: CachedRows, names: Sequence[str], keys: Sequence[Sequence[Any]], moments: Sequence[int]
    ) -> PointInTimeValues:
        import polars as pl

        asked = pl.DataFrame(
            [
                pl.Series(name, list(values), dtype=rows.keys[name].dtype, strict=False)
                for name, values in zip(rows.about.keys, keys, strict=True)
            ]
        )
        when = pl.Series("", list(moments), dtype=pl.Datetime("us"))
        found = matched(rows, asked, when, None, {})
        return PointInTimeValues(_values(rows, names, found.rows), _events(rows, found.rows))

    def _rows(self, view: PlannedView) -> tuple[str, CachedRows | None]:
        parsed = refs.parse(view.ref, kind="feature_view")
        with self._ws.read() as tx:
            state = online.online(tx, parsed.name, int(str(parsed.version)))
        if state is None:
            return "", None
        pinned = PinnedView(ref=view.ref, definition=view.definition, datasets=state.datasets, code=view.code)
        digest = pinned.rows_digest
        with self._lock:
            rows = self._open.get(digest)
            if rows is None:
                rows = find_cached_rows(pinned, self._ws.cache_folder("features"))
            if rows is not None:
                self._open[digest] = rows
                self._open.move_to_end(digest)
            while len(self._open) > _MAX_OPEN:
                self._open.popitem(last=False)
        return digest, rows


def _values(rows: CachedRows, names: Sequence[str], places: np.ndarray) -> list[list[Any]]:
    columns = [rows.column(name).take(places).to_list() for name in names]
    return [list(each) for each in zip(*columns, strict=True)]


def _events(rows: CachedRows, places: np.ndarray) -> list[int | None]:
    import numpy as np

    if rows.unit is None or not rows.about.rows:
        return [None if place < 0 else 0 for place in places.tolist()]
    per = 1000 if rows.unit == "ns" else 1
    held = np.take(rows.event_times, places, mode="clip") // per
    return [None if place < 0 else at for place, at in zip(places.tolist(), held.tolist(), strict=True)]
