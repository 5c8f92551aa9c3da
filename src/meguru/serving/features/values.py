"""The source of feature values of this process: the online store, point-in-time lookups, on-demand hosts."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from meguru.errors import InvalidInput
from meguru.features import dtypes
from meguru.features.on_demand.host import OnDemandHost
from meguru.features.online import online_of
from meguru.features.online.as_of import look_up_at
from meguru.features.online.last_known import LastKnown
from meguru.features.online.lookup import EntityRows, look_up
from meguru.features.online.reader import reader_of
from meguru.kernel.workspace import Workspace
from meguru.predictions.payload import micros, moment
from meguru.serving.features.plan import PlannedView
from meguru.serving.features.point_in_time import PointInTimeRows
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    from meguru.features.online.online_view import OnlineView

_PART = "values of views"
_MAX_HOSTS = 16
"""So many processes of views run; which are asked least ends for one more."""


def values_of(ws: Workspace) -> OnlineValues:
    """Return the values of views for an open workspace; closed with it."""
    closeable = ws.parts.get(_PART)
    if closeable is None:
        closeable = ws.parts.setdefault(_PART, OnlineValues(ws))
    return cast("OnlineValues", closeable)


class OnlineValues:
    """The values of views in this process. Safe for many threads."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._known = LastKnown()
        self._earlier = PointInTimeRows(ws)
        self._hosts: OrderedDict[str, OnDemandHost] = OrderedDict()
        self._lock = threading.Lock()

    def read(
        self,
        views: Sequence[PlannedView],
        keys: Sequence[Sequence[Sequence[Any]]],
        moments: Sequence[Sequence[int] | None],
    ) -> list[EntityRows]:
        """Return what is there, for the keys of each view, which are one list for each key column.

        A view that was never online knows nothing.

        Raises
        ------
        Busy
            If the store is away, or a value too old, and the view would rather have no answer.
        """
        names = [view.ref.removeprefix("feature_view/") for view in views]
        online = reader_of(self._ws).plan("", names).views
        packed = [_keys(view, columns) for view, columns in zip(online, keys, strict=True)]
        store = online_of(self._ws)
        if all(each is None for each in moments):
            return look_up(store, online, packed, micros(self._ws.clock.now()), self._known)
        now = micros(self._ws.clock.now())
        return look_up_at(
            store,
            online,
            packed,
            [each or [now] * len(rows) for each, rows in zip(moments, packed, strict=True)],
            self._known,
            lambda number, rows, when: self._earlier.of(
                views[number],
                online[number].layout.names,
                [[values[row] for row in rows] for values in keys[number]],
                when,
            ),
        )

    def compute(
        self, view: PlannedView, columns: Mapping[str, Sequence[Any]], rows: int
    ) -> dict[str, list[Any]]:
        """Return what the function of a view makes of rows; see `OnDemandHost.ask`."""
        kinds = view.definition.request
        given = {
            name: [_plain(value) for value in values] if name in kinds else values
            for name, values in columns.items()
        }
        found = self._host(view).ask(given, rows)
        return {
            name: [_moment(value) for value in values] if _is_time(view.features[name]) else values
            for name, values in found.items()
        }

    def warm_up(self, views: Sequence[PlannedView]) -> None:
        """Start the processes of views, and see that their code can be loaded."""
        for view in views:
            if view.on_demand:
                self._host(view).start()

    def _host(self, view: PlannedView) -> OnDemandHost:
        with self._lock:
            host = self._hosts.get(view.ref)
            if host is None:
                host = self._hosts[view.ref] = _hosted(view, self._ws.blobs)
            self._hosts.move_to_end(view.ref)
            while len(self._hosts) > _MAX_HOSTS:
                # Not closed: another thread may be asking it. Its process ends when nobody refers to it any
                # more.
                self._hosts.popitem(last=False)
        return host

    def close(self) -> None:
        """End the processes."""
        with self._lock:
            while self._hosts:
                self._hosts.popitem()[1].close()


def _hosted(view: PlannedView, blobs: BlobStore) -> OnDemandHost:
    if view.code is None:
        raise InvalidInput(f"{view.ref} has no code", where=view.ref, hint="meguru apply")
    takes = {name: kind.removesuffix(dtypes.MAY_LACK) for name, kind in view.definition.request.items()}
    return OnDemandHost(
        view.ref,
        view.code,
        blobs,
        definition=view.definition,
        takes=takes | {input_feature.feature: input_feature.kind for input_feature in view.takes},
    )


def _keys(view: OnlineView, columns: Sequence[Sequence[Any]]) -> list[bytes | None]:
    if not view.stored:
        return [None] * (len(columns[0]) if columns else 0)
    return view.keys.of_values(columns)


def _plain(value: Any) -> Any:
    return micros(value) if isinstance(value, datetime) else value


def _is_time(kind: str) -> bool:
    return kind.startswith("Datetime")


def _moment(value: Any) -> Any:
    return moment(value).astimezone(UTC) if isinstance(value, int) else value
