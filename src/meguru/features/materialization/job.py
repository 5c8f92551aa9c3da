"""The job handler of materializations: compute what is to be online, write the diff, record how it ended."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from meguru.base import digests, refs
from meguru.errors import Busy, Interrupted, LostLease, MeguruError
from meguru.features import dtypes
from meguru.features import store as views
from meguru.features.materialization import store
from meguru.features.materialization.kind import MATERIALIZATION
from meguru.features.materialization.types import FINAL, Materialization, MaterializationState, OnlineState
from meguru.features.online.stores import online_of
from meguru.features.types import PinnedView
from meguru.kernel.jobs import Job, Lease
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace

if TYPE_CHECKING:
    import polars as pl

    from meguru.features.materialization.write import Stored

log = logging.getLogger(__name__)
MaterializationProgress = Callable[[Materialization], None]
ADVANCE = InternalOperation(MATERIALIZATION, "advance")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
PROGRESS_SECONDS = 0.5
"""How often it is written down how far it is; whoever goes on from there writes some rows again."""


class MaterializationHandler:
    """Brings views online; `progress` hears how far each is."""

    def __init__(self, progress: MaterializationProgress | None = None) -> None:
        self.progress = progress

    def run(self, ws: Workspace, job: Job, lease: Lease) -> None:
        """Bring what is online up to date; what an earlier attempt wrote is not written again."""
        try:
            _Attempt(ws, job, lease, self.progress).go()
        except Busy as error:
            # A store that is away is no result: the worker retries after what is no error of ours.
            raise ConnectionError(f"{error.what}: {error.why}") from error
        except (LostLease, Interrupted):
            raise
        except MeguruError as error:  # another attempt would get the same
            why = ": ".join(each for each in (error.what, error.why, error.where) if each)
            made_id = job.payload["materialization"]
            lease.commit(ws, ADVANCE, lambda ctx: _fail(ctx, store.get(ctx.tx, made_id), why))

    def abandon(self, ws: Workspace, job: Job, why: str) -> None:
        """End it as failed, unless it is over."""

        def end(ctx: Context) -> None:
            materialization = store.get(ctx.tx, job.payload["materialization"])
            if materialization.state not in FINAL:
                _fail(ctx, materialization, why)

        ADVANCE.commit(ws, end)


HANDLER = MaterializationHandler()


def _fail(ctx: Context, found: Materialization, why: str) -> None:
    state = MaterializationState.FAILED.value
    store.change(ctx.tx, found.id, state=state, reason=why[:1000], target="", finished_at=ctx.now())
    ctx.emit(
        "materialization.failed",
        found.ref,
        data={"view": found.view, "reason": why[:500]},
        project=refs.project_of(refs.parse(found.view).name),
    )


class _Attempt:
    """One attempt. What it writes follows from the versions of the sources and the moment alone."""

    def __init__(
        self, ws: Workspace, job: Job, lease: Lease, progress: MaterializationProgress | None
    ) -> None:
        self.ws, self.lease, self._tell = ws, lease, progress
        made_id, self._folded = job.payload["materialization"], job.payload.get("folded", 0)
        with ws.read() as tx:
            self.work = store.get(tx, made_id)
            self.target, self.due = store.target(tx, made_id)
            self.version = views.view(tx, self.work.view)
            code = self.version.definition.code
            self.code = views.code(tx, self.version.name, code) if code else None
            self.state = store.online(tx, self.version.name, self.version.version)
        self.keys = self.version.definition.keys
        self._saved_at = time.monotonic()

    def go(self) -> None:
        """Work until what is online follows from the sources."""
        from meguru.features.materialization import write

        if self.work.state in FINAL:  # whoever brought it there may have died before the rest
            self._free_leftovers()
            return
        if not self.work.datasets:  # nothing was pushed yet: nobody knows of which types its keys are
            self.lease.commit(self.ws, ADVANCE, lambda ctx: self._end(ctx, 0, ""))
            return
        if not self.target:  # nothing is written yet: what a work before left must not be among it
            self._free_leftovers()
        before = self._rows(self.state.newest_rows) if self.state and self.state.newest_rows else None
        after, stored = self._after(before)
        online = online_of(self.ws)
        is_same = self.state is not None and self.state.stored == stored.name
        # A full run compares with the store itself, which some other attempt may have left half-way; it
        # leaves alone what was pushed after the last fold, which these rows do not have yet.
        if self.work.full and is_same:
            write.write_all(online, stored, after, keep_from=self._folded + 1, progress=self._progress)
        else:
            start = before if is_same else None
            write.write_changes(online, stored, start, after, skip=self.work.done, progress=self._progress)
        self.lease.commit(self.ws, ADVANCE, lambda ctx: self._succeed(ctx, stored, after))
        self._free_leftovers()
        self._record_profile()

    def _free_leftovers(self) -> None:
        """Free rows that are not read any more: those of other types, and of work that did not succeed."""
        name, version = self.version.name, self.version.version
        with self.ws.read() as tx:
            if not store.leftovers(tx, name, version):
                return
        # Processes read by the plan that they have cached until they hear of the end: without the rows from
        # before they would find nothing, and give their models nothing.
        _wait_for_readers()
        # Fenced: an attempt that lost its lease meanwhile would take away what the next one writes.
        self.lease.commit(self.ws, ADVANCE, lambda ctx: free_leftovers(ctx, name, version, by=self.work.id))

    def _after(self, before: pl.DataFrame | None) -> tuple[pl.DataFrame, Stored]:
        """Return the rows that are to be online, found by this attempt or by one before."""
        from meguru.features.materialization import newest
        from meguru.features.materialization.computing import computed

        # Found once, and kept as a blob: a later attempt must skip the same rows in the same order.
        if self.target:
            frame = self._rows(self.target)
            return frame, self._stored(frame)
        since = self.work.since
        folder = self.ws.cache_folder("features")
        kept = computed(self.ws.blobs, self._view(), folder, self.lease.raise_if_stopped)
        found = newest.newest_rows(kept, micros(self.work.as_of), None if since is None else micros(since))
        frame = found.frame if since is None else newest.with_others(found.frame, before, self.keys)
        target = self.ws.blobs.put_bytes(newest.as_parquet(frame))
        self.due = None if found.due is None else _EPOCH + found.due * _MICROSECOND
        stored = self._stored(frame)

        def begin(ctx: Context) -> None:
            store.change(ctx.tx, self.work.id, target=target, due=self.due)
            now = store.online(ctx.tx, self.version.name, self.version.version)
            if now is None or now.stored != stored.name:  # until it is over, nobody reads what is written
                store.add_leftover(ctx.tx, self.version.ref, stored.name, ctx.now())

        self.lease.commit(self.ws, ADVANCE, begin)
        self.target = target
        return frame, stored

    def _view(self) -> PinnedView:
        return PinnedView(
            ref=self.version.ref,
            definition=self.version.definition,
            datasets=self.work.datasets,
            code=self.code,
        )

    def _record_profile(self) -> None:
        """Have what the rows look like known, for people who look at the view; nothing hangs on it."""
        from meguru.features.client import record_profile

        try:
            record_profile(self.ws.with_(principal=system("materializations")), self._view())
        except MeguruError as error:
            log.warning("nobody can tell what rows of %s look like: %s", self.version.ref, error)

    def _rows(self, digest: str) -> pl.DataFrame:
        from meguru.features.materialization.newest import read_parquet

        return read_parquet(self.ws.blobs.get_bytes(digest))

    def _stored(self, after: pl.DataFrame) -> Stored:
        """Return what the rows are called in a store: others if they have other types."""
        from meguru.features.materialization.newest import CREATED, EVENT
        from meguru.features.materialization.write import Stored, layouts_of

        keys, layout = layouts_of(after, self.keys, {EVENT, CREATED})
        self.types = (spelled(keys.types), spelled(layout.types))
        return Stored(stored_name(self.version.ref, *self.types), keys, layout)

    def _progress(self, done: int, total: int, written: int, retracted: int) -> None:
        self.lease.raise_if_stopped()
        self.work = msgspec.structs.replace(
            self.work,
            done=done,
            total=total,
            written=self.work.written + written,
            retracted=self.work.retracted + retracted,
        )
        if self._tell is not None:
            self._tell(self.work)
        if time.monotonic() - self._saved_at >= PROGRESS_SECONDS:
            self._saved_at = time.monotonic()
            self.lease.commit(self.ws, ADVANCE, self._save_progress)

    def _save_progress(self, ctx: Context) -> None:
        counts = {name: getattr(self.work, name) for name in ("done", "total", "written", "retracted")}
        store.change(ctx.tx, self.work.id, **counts)

    def _succeed(self, ctx: Context, stored: Stored, after: pl.DataFrame) -> None:
        from meguru.features.materialization.newest import EVENT

        now = store.online(ctx.tx, self.version.name, self.version.version)
        timed = bool(self.version.definition.time) and after.height > 0
        newest = _EPOCH + after[EVENT].max() * _MICROSECOND if timed else None  # type: ignore[operator]
        if now is not None and now.pushed > now.folded and now.newest is not None:
            newest = max(newest or now.newest, now.newest)  # what was pushed since is newer still
        keys, features = self.types
        state = OnlineState(
            view=self.version.ref,
            stored=stored.name,
            keys=keys,
            features=features,
            datasets=self.work.datasets,
            newest_rows=self.target,
            as_of=self.work.as_of,
            due=self.due,
            rows=after.height,
            newest=newest,
            at=ctx.now(),
            pushed=now.pushed if now else 0,
            pushed_at=now.pushed_at if now else None,
            folded=now.folded if now else 0,
        )
        store.set_online(ctx.tx, state)
        store.drop_leftover(ctx.tx, stored.name)
        if now is not None and now.stored not in {"", stored.name}:
            store.add_leftover(ctx.tx, self.version.ref, now.stored, ctx.now())
        self._end(ctx, after.height, newest.isoformat() if newest else "")

    def _end(self, ctx: Context, rows: int, newest: str) -> None:
        self._save_progress(ctx)
        values = {"state": MaterializationState.SUCCEEDED.value, "target": "", "finished_at": ctx.now()}
        store.change(ctx.tx, self.work.id, **values)
        ctx.emit(
            "materialization.succeeded",
            self.work.ref,
            data={
                "view": self.version.ref,
                "rows": rows,
                "written": self.work.written,
                "retracted": self.work.retracted,
                "newest": newest,
            },
            used=[self.version.ref, *(each.ref for each in self.work.datasets.values())],
            project=refs.project_of(self.version.name),
        )


def free_leftovers(ctx: Context, name: str, version: int, *, by: str = "") -> None:
    """Free the rows of a version of a view that are not read any more, unless another work goes on there.

    They go within the transaction: nobody begins to write under one of their names before it ends, and if
    the store is away, it is written down still that it has them.
    """
    under_way = store.running(ctx.tx, name, version)
    if under_way is not None and under_way.id != by:
        return
    state = store.online(ctx.tx, name, version)
    for stored in store.leftovers(ctx.tx, name, version):
        if state is None or state.stored != stored:
            online_of(ctx.ws).clear(stored)
        store.drop_leftover(ctx.tx, stored)


def _wait_for_readers() -> None:
    from meguru.features.online.reader import REFRESH_SECONDS

    time.sleep(2 * REFRESH_SECONDS)


def micros(moment: datetime) -> int:
    """Return a moment as microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def spelled(types: dict[str, pl.DataType]) -> dict[str, str]:
    """Return types as they are written."""
    return {name: dtypes.spelled(kind) for name, kind in types.items()}


def stored_name(ref: str, keys: dict[str, str], features: dict[str, str]) -> str:
    """Return what rows of a version of a view are called in a store: rows of other types, otherwise."""
    types = digests.of_value([list(keys.items()), list(features.items())])
    return f"{ref.removeprefix('feature_view/')}#{types[:12]}"
