"""Compaction: pushed rows become a version of the view's source, where training finds them."""

from __future__ import annotations

import io
from datetime import timedelta

import msgspec
from sqlalchemy import Connection

from meguru.base import refs
from meguru.base.late import importing, load_ahead
from meguru.datasets.types import DatasetVersion, FileEntry
from meguru.features import store as views
from meguru.features.kind import FEATURE_VIEW
from meguru.features.materialization import store as materialized
from meguru.features.push import store
from meguru.features.types import FeatureViewVersion
from meguru.kernel import events
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.workspace import Workspace

FOLD = InternalOperation(FEATURE_VIEW, "fold", evented=True)
FOLD_AFTER = timedelta(seconds=5)
FOLD_ROWS = 50_000
MAX_FRAMES, MAX_ROWS = 2_000, 1_000_000
"""Of one version: what waited through a long stall must not be in memory at once; the next takes the rest."""
STALLS = ("feature_view.push_stalled", "feature_view.push_resumed")
"""The events between which pushed rows wait."""


def due(tx: Connection, ws: Workspace) -> list[str]:
    """Return the views whose pushed rows wait long enough, or are enough, for a version of the source."""
    now = ws.clock.now()
    return [
        each.name for each in store.pending(tx) if each.rows >= FOLD_ROWS or now - each.oldest >= FOLD_AFTER
    ]


def fold(ws: Workspace, name: str) -> DatasetVersion | None:
    """Make one version of the source of what was pushed to a view; None if nothing was."""
    load_ahead("polars", "meguru.datasets.register", "meguru.features.push.frames")
    return FOLD.commit(ws, lambda ctx: _folded(ctx, name))


def report_stalled(ws: Workspace, name: str, reason: str) -> None:
    """Have it known that what was pushed to a view is in no version of its source, once until it is."""

    def tell(ctx: Context) -> None:
        if not _is_stalled(ctx.tx, name):
            data = {"reason": reason[:500]}
            ctx.emit("feature_view.push_stalled", refs.make("feature_view", name), data=data)

    FOLD.commit(ws, tell)


def _is_stalled(tx: Connection, name: str) -> bool:
    last = events.latest(tx, subject=refs.make("feature_view", name), types=STALLS)
    return last is not None and last.type == STALLS[0]


def _folded(ctx: Context, name: str) -> DatasetVersion | None:
    waiting = store.frames(ctx.tx, name, MAX_FRAMES, MAX_ROWS)
    if not waiting:
        return None
    with importing:
        import polars as pl

        from meguru.datasets.register import record
        from meguru.features.push.frames import as_parquet
    first, last = waiting[0][0], waiting[-1][0]
    parts = [pl.read_parquet(io.BytesIO(content)) for _, content in waiting]
    # Rows may be sent twice (at-least-once delivery); of equal ones the later stays, as it does online.
    rows = pl.concat(parts, how="diagonal_relaxed").unique(keep="last", maintain_order=True)
    content, version = as_parquet(rows), _pushed_version(ctx.tx, name)
    (source,) = list(version.definition.sources.values())[:1]
    # Frames are counted anew when a view was out of use: the moment tells the files apart.
    path = f"pushed/{refs.bare(name)}/{ctx.now():%Y%m%dT%H%M%S%f}-{first:06d}-{last:06d}.parquet"
    entry = FileEntry(path=path, digest=ctx.blobs.put_bytes(content), size=len(content))
    made = record(
        ctx,
        name=refs.parse(refs.within(refs.project_of(name), source), kind="dataset").name,
        files=[entry],
        mode="append",
        format="parquet",
        schema_policy="evolve",
        event_time=version.definition.time,
        note=f"pushed to {version.ref}",
        used=[version.ref],
    )
    store.take_out(ctx.tx, name, last)
    if _is_stalled(ctx.tx, name):
        ctx.emit("feature_view.push_resumed", refs.make("feature_view", name), data={"rows": rows.height})
    for state in materialized.all_online(ctx.tx, name).values():
        materialized.set_online(ctx.tx, msgspec.structs.replace(state, folded=max(state.folded, last)))
    return made


def _pushed_version(tx: Connection, name: str) -> FeatureViewVersion:
    """Return the version whose source gets what was pushed to a view, also if that is out of use by now."""
    present = refs.make("feature_view", name, views.latest(tx, "feature_view", name))
    versions = [views.view(tx, present), *views.view_versions(tx, name)]
    return next(each for each in versions if each.definition.push)
