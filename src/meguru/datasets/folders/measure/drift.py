"""How far what was measured of files moved between two versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meguru.datasets.differences import ColumnDrift, VectorDrift
from meguru.datasets.folders import index
from meguru.datasets.folders.measure import store
from meguru.datasets.folders.measure.types import VECTOR, FileMeasurement
from meguru.datasets.types import DatasetVersion, Manifest
from meguru.kernel.operations import Context
from meguru.stats import energy_test, profile_frame, psi_test, tally_column

if TYPE_CHECKING:
    import polars as pl

_COLUMNS = ("brightness", "contrast")


def measured_drift(
    ctx: Context, versions: list[DatasetVersion], manifests: list[Manifest]
) -> tuple[list[ColumnDrift], list[VectorDrift]]:
    """Compare what the same measured of both versions; a file counts as often as it is there."""
    before, after = ({m.by: m for m in store.of_version(ctx.tx, v.name, v.version)} for v in versions)
    columns: list[ColumnDrift] = []
    vectors: list[VectorDrift] = []
    for by in sorted(before.keys() & after.keys()):
        old, new = (
            _rows(ctx, manifest, found)
            for manifest, found in zip(manifests, (before[by], after[by]), strict=True)
        )
        if old.height < 2 or new.height < 2:
            continue
        if VECTOR in old.columns and VECTOR in new.columns:
            vectors += _vectors(by, old, new)
        else:
            columns += _columns(old, new)
    return columns, vectors


def _rows(ctx: Context, manifest: Manifest, found: FileMeasurement) -> pl.DataFrame:
    import polars as pl

    measured = pl.read_parquet(ctx.blobs.path(found.digest))
    return index.read(ctx.blobs, manifest).select("digest").join(measured, on="digest")


def _vectors(by: str, old: pl.DataFrame, new: pl.DataFrame) -> list[VectorDrift]:
    first, second = old[VECTOR].to_numpy(), new[VECTOR].to_numpy()
    if first.shape[1] != second.shape[1]:
        return []
    result = energy_test(first, second)
    return [
        VectorDrift(
            by=by,
            dimensions=first.shape[1],
            distance=result.statistic,
            p_value=result.p_value,
            drifted=result.drifted,
            before=result.n_reference,
            after=result.n_current,
        )
    ]


def _columns(old: pl.DataFrame, new: pl.DataFrame) -> list[ColumnDrift]:
    found = []
    profiles = profile_frame(old.select(_COLUMNS)).columns
    for name, profile in profiles.items():
        result = psi_test(
            profile.own().with_nulls(),
            tally_column(profile, new[name]).with_nulls(),
            comparisons=len(profiles),
        )
        found.append(ColumnDrift(column=name, psi=result.statistic, drifted=result.drifted))
    return found
