"""The follower that starts materializations when data is new or a value is due, and frees what is retired."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from meguru.base import refs
from meguru.base.library_errors import kind_and_reason
from meguru.datasets import store as datasets
from meguru.errors import Busy, MeguruError, NotFound
from meguru.features import store as views
from meguru.features.impact import readers
from meguru.features.materialization import store
from meguru.features.materialization.freshness import FreshnessGauges
from meguru.features.materialization.job import ADVANCE, free_leftovers
from meguru.features.materialization.start import start
from meguru.features.materialization.types import MaterializationState, OnlineState
from meguru.features.online.resolve import is_ready
from meguru.features.online.stores import online_of
from meguru.features.push import fold
from meguru.features.types import FeatureViewVersion
from meguru.kernel import events
from meguru.kernel.operations import Context
from meguru.kernel.services import Follower
from meguru.kernel.workspace import Workspace

log = logging.getLogger(__name__)
RETRY_AFTER = timedelta(minutes=10)
"""A materialization that failed is retried after this long though nothing is new: a store may be back."""
LEFT_AFTER = timedelta(minutes=1)
"""Rows that are not read any more are the worker's to free; what is still there then, a dead one left."""
FOLD_RETRY_AFTER = timedelta(minutes=1)
WITH_VIEWS_SECONDS = 2.0
_WAKES = ("dataset_version.", "feature_view.", "materialization.")


class MaterializationFollower(Follower):
    """Starts to bring online what is due, and forgets what nobody reads any more."""

    name = "materializations"
    pace = 0.2

    def __init__(self, ws: Workspace) -> None:
        super().__init__(ws)
        self._gauges = FreshnessGauges()
        self._has_views = False
        self._refused: dict[str, object] = {}
        """What could not be begun, by view, with the versions that it was tried for."""
        self._fold_retry_at: dict[str, datetime] = {}
        """When what was pushed to a view, and could not be folded, is tried again."""

    def rest(self) -> float:
        """Return the seconds to the next look: what is pushed, or is late, no event tells of."""
        return WITH_VIEWS_SECONDS if self._has_views else self.idle

    def wakes(self, type: str) -> bool:
        """Tell whether an event may make a view due."""
        return type.startswith(_WAKES)

    def step(self) -> int:
        """Fold what was pushed, begin what is due; return how many were begun."""
        with self.ws.read() as tx:
            waiting = fold.due(tx, self.ws)
        for name in waiting:
            if self._fold_retry_at.get(name, self.ws.clock.now()) <= self.ws.clock.now():
                self._fold(name)
        with self.ws.read() as tx:
            wanted = due(tx, self.ws)
            gone = unread_states(tx)
            left = store.with_leftovers(tx, self.ws.clock.now() - LEFT_AFTER)
            self._gauges.update(tx)
            self._has_views = bool(left or views.specs(tx, "feature_view", None))
        for version, data in wanted:
            if self._refused.get(version.ref) != data:
                self._begin(version, data)
        for name, number in gone:
            forget(self.ws, name, number)
        for name, number in left:
            ADVANCE.commit(self.ws, partial(free_leftovers, name=name, version=number))
        return len(wanted)

    def _begin(self, version: FeatureViewVersion, data: object) -> None:
        try:
            with self.ws.read() as tx:
                sources = [refs.make("dataset", each) for each in _datasets(version.name, version).values()]
                news = [events.latest(tx, subject=source) for source in sources]
            cause = max((event.id for event in news if event is not None), default=None)
            start(self.ws.with_(cause=cause), view=version.ref)
            self._refused.pop(version.ref, None)
        except MeguruError as error:
            # What was busy may not be at the next look; every other refusal follows from the data.
            if not isinstance(error, Busy):
                self._refused[version.ref] = data
            log.warning("%s can't be brought online: %s", version.ref, error)

    def _fold(self, name: str) -> None:
        """Fold what was pushed to a view; what can't be twice in a row is told, and the others go on."""
        try:
            fold.fold(self.ws, name)
            self._fold_retry_at.pop(name, None)
        except Exception as error:
            log.warning("what was pushed to %s waits", name, exc_info=error)
            if name in self._fold_retry_at:
                why = f"{error}: {error.why}" if isinstance(error, MeguruError) else kind_and_reason(error)
                fold.report_stalled(self.ws, name, why)
            self._fold_retry_at[name] = self.ws.clock.now() + FOLD_RETRY_AFTER


def due(tx: Connection, ws: Workspace) -> list[tuple[FeatureViewVersion, object]]:
    """Return the versions of views of which other values should be online, and for which data."""
    found: list[tuple[FeatureViewVersion, object]] = []
    online_states = store.all_online(tx)
    for name, spec in views.specs(tx, "feature_view", None).items():
        if not views.is_kept_online(spec):
            continue
        newest = views.latest(tx, "feature_view", name)
        numbers = {newest, *(number for each, number in online_states if each == name)}
        for number in sorted(numbers):
            version = views.view(tx, refs.make("feature_view", name, number))
            data = _newest_data(tx, version)
            if data and _is_due(tx, ws, version, online_states.get((name, number)), data):
                found.append((version, data))
    return found


def _is_due(
    tx: Connection,
    ws: Workspace,
    version: FeatureViewVersion,
    state: OnlineState | None,
    data: dict[str, str],
) -> bool:
    is_new = state is None or state.at is None or {k: v.digest for k, v in state.datasets.items()} != data
    is_late = state is not None and state.due is not None and state.due <= ws.clock.now()
    if not (is_new or is_late):
        return False
    last = store.newest(tx, version.name, version.version)
    if last is None or last.state is MaterializationState.SUCCEEDED:
        return True
    if last.state is MaterializationState.RUNNING:
        return False
    # What failed with this data may fail again; but a store that was away comes back.
    is_other = {name: each.digest for name, each in last.datasets.items()} != data
    return is_other or (last.finished_at or last.created_at) + RETRY_AFTER <= ws.clock.now()


def _newest_data(tx: Connection, version: FeatureViewVersion) -> dict[str, str]:
    """Return the digests of the newest versions of its sources; empty while one has none."""
    found = {}
    for source, name in _datasets(version.name, version).items():
        try:
            found[source] = datasets.resolve(tx, name).digest
        except NotFound:
            return {}
    return found


def _datasets(name: str, version: FeatureViewVersion) -> dict[str, str]:
    project = refs.project_of(name)
    return {
        source: refs.parse(refs.within(project, each), kind="dataset").name
        for source, each in version.definition.sources.items()
    }


def unread_states(tx: Connection) -> dict[tuple[str, int], OnlineState]:
    """Return what is online of views that are not (to be) online any more, and of versions nobody reads.

    What is being brought online is left alone: it ends first.
    """
    declared, online_states = views.specs(tx, "feature_view", None), store.all_online(tx)
    return {
        (name, number): state
        for (name, number), state in online_states.items()
        if name not in declared
        or not declared[name].get("online")
        or _is_over(tx, name, number, online_states)
        if store.running(tx, name, number) is None
    }


def _is_over(tx: Connection, name: str, number: int, known: dict[tuple[str, int], OnlineState]) -> bool:
    """Tell whether a newer version is read, and nobody has this one: no service, and nothing that answers."""
    newest = views.latest(tx, "feature_view", name)
    there = known.get((name, newest))
    if number == newest or there is None or there.at is None or not is_ready(there):
        return False
    ref = refs.make("feature_view", name, number)
    services = views.specs(tx, "feature_service", None)
    members = [member.view for service in services for member in views.service(tx, service).members]
    return ref not in members and not readers(tx, name).endpoints


def forget(ws: Workspace, name: str, number: int) -> None:
    """Free what is online of a version of a view, unless it was declared again meanwhile.

    The rows go within the transaction: nobody brings others there before it ends, and if the store is away,
    it is written down still that it has them.
    """

    def free(ctx: Context) -> None:
        if (state := unread_states(ctx.tx).get((name, number))) is not None:
            store.forget_online(ctx.tx, name, number)
            online_of(ws).clear(state.stored)
            free_leftovers(ctx, name, number)

    ADVANCE.commit(ws, free)
