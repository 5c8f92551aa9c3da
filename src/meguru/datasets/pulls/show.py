"""Show pulls, and where the sources of datasets stand."""

from __future__ import annotations

from meguru.base.paging import check_limit
from meguru.datasets import spec as specs
from meguru.datasets import store as datasets
from meguru.datasets.kind import DatasetSpec
from meguru.datasets.manifest import load_manifest
from meguru.datasets.position import SourcePosition
from meguru.datasets.pulls import store
from meguru.datasets.pulls.types import DatasetPull, DatasetSourceState, SourceTurn, VersionPosition
from meguru.datasets.sources.spec import SourceSpec
from meguru.datasets.types import DatasetVersion
from meguru.errors import masked
from meguru.kernel.operations import Context, operation
from meguru.storage.blobs import BlobStore


@operation("dataset.pulls", permission="dataset:read", query=True, on="name")
def pulls(ctx: Context, *, name: str, limit: int = 20) -> list[DatasetPull]:
    """List the reads of a dataset's source, newest first; the last thousand are kept."""
    return store.page(ctx.tx, name, check_limit(limit))


@operation("dataset.sources", permission="dataset:read", query=True)
def sources(ctx: Context) -> list[DatasetSourceState]:
    """List the datasets that are read from a source: how far each is read, what came last, and when next."""
    found = store.turns(ctx.tx, ctx.visible)
    names = [turn.name for turn in found]
    last, declared = store.newest(ctx.tx, names), specs.find_many(ctx.tx, names)
    newest = datasets.newest_of(ctx.tx, names)
    return [
        _state_of(ctx.blobs, turn, spec, spec.source, newest.get(turn.name), last.get(turn.name))
        for turn in found
        if (spec := declared.get(turn.name)) is not None and spec.source is not None
    ]


@operation("dataset.position", permission="dataset:read", query=True, on="ref")
def position(ctx: Context, *, ref: str) -> VersionPosition:
    """Show how far the source of a dataset was read when a version was made; the next read goes on there."""
    version = datasets.resolve(ctx.tx, ref, ctx.readable)
    found = None if version.remote_environment else load_manifest(ctx.blobs, version).position
    return VersionPosition(ref=version.ref, position=found)


def _state_of(
    blobs: BlobStore,
    turn: SourceTurn,
    declared: DatasetSpec,
    source: SourceSpec,
    newest: DatasetVersion | None,
    last: DatasetPull | None,
) -> DatasetSourceState:
    position = position_of(blobs, newest, turn) if newest else None
    return DatasetSourceState(
        dataset=turn.name,
        address=masked(source.address),
        mode=source.mode_for(declared.key),
        schedule=source.schedule,
        watermark=source.watermark,
        version=newest.version if newest else 0,
        position=str(position or ""),
        next_at=turn.next_at,
        failures=turn.failures,
        last=last,
    )


def position_of(blobs: BlobStore, newest: DatasetVersion, turn: SourceTurn | None) -> SourcePosition | None:
    """Return how far the source was read for a version; None if the version is not of a source."""
    if turn is not None and turn.position is not None and turn.version_digest == newest.digest:
        return turn.position
    return None if newest.remote_environment else load_manifest(blobs, newest).position
