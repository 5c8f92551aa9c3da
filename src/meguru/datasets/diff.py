"""What changed between two versions."""

from typing import TYPE_CHECKING

from meguru.datasets import columns, store
from meguru.datasets.manifest import load_manifest
from meguru.datasets.types import ColumnDrift, DatasetDiff, DatasetVersion
from meguru.kernel.operations import Context, operation

if TYPE_CHECKING:
    from meguru.storage.blobs import BlobStore


@operation(
    "dataset.diff",
    permission="dataset:read",
    query=True,
    on="before",
    refers={"before": "dataset", "after": "dataset"},
)
def diff(ctx: Context, *, before: str, after: str, drift: bool = True) -> DatasetDiff:
    """Compare two versions: schema, rows, files and, with `drift`, how far each column's values moved."""
    ctx.check_seen("dataset", after)
    first, second = (store.resolve(ctx.tx, ref, ctx.seen) for ref in (before, after))
    old, new = (
        {file.path: file.digest for file in load_manifest(ctx.blobs, each).files} for each in (first, second)
    )
    return DatasetDiff(
        before=first.ref,
        after=second.ref,
        rows_before=first.rows,
        rows_after=second.rows,
        schema=columns.changes(first.columns, second.columns, widening=True),
        files_added=sorted(new.keys() - old.keys()),
        files_removed=sorted(old.keys() - new.keys()),
        files_changed=sorted(path for path in old.keys() & new.keys() if old[path] != new[path]),
        drift=_drift(ctx.blobs, first, second) if drift else [],
    )


def _drift(blobs: "BlobStore", before: DatasetVersion, after: DatasetVersion) -> list[ColumnDrift]:
    """Compare the columns that both have, those that moved most first."""
    from meguru.datasets.frames import frame_of, profile_of
    from meguru.stats import psi_test, tally_column
    from meguru.stats.profile.columns import kind_of

    baseline, rows = profile_of(blobs, before), frame_of(blobs, after)
    schema = rows.schema
    found = []
    for name, profile in baseline.columns.items():
        numeric = profile.to_dict()["kind"]
        if name not in schema or kind_of(schema[name]) != numeric:
            continue
        result = psi_test(
            profile.own().with_nulls(),
            tally_column(profile, rows[name]).with_nulls(),
            comparisons=len(baseline.columns),
        )
        found.append(ColumnDrift(column=name, psi=result.statistic, drifted=result.drifted))
    return sorted(found, key=lambda each: (-each.psi, each.column))
