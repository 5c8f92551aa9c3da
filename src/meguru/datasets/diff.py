"""What changed between two versions."""

from typing import TYPE_CHECKING

from meguru.datasets import columns, store
from meguru.datasets.differences import ColumnDrift, DatasetDiff, RowChanges
from meguru.datasets.folders import index
from meguru.datasets.folders.diff import file_changes
from meguru.datasets.folders.measure.drift import measured_drift
from meguru.datasets.manifest import load_manifest
from meguru.datasets.personal.masking import hidden_columns_of
from meguru.datasets.personal.rows import without_values
from meguru.datasets.types import DatasetVersion, Manifest
from meguru.kernel.operations import Context, operation

if TYPE_CHECKING:
    import polars as pl

    from meguru.storage.blobs import BlobStore

_LISTED = ["path", "digest"]


@operation(
    "dataset.diff",
    permission="dataset:read",
    query=True,
    on="before",
    refers={"before": "dataset", "after": "dataset"},
)
def diff(
    ctx: Context,
    *,
    before: str,
    after: str,
    drift: bool = True,
    rows: bool = False,
    key: list[str] | None = None,
) -> DatasetDiff:
    """Compare two versions: schema and files, with `drift` the columns' values, with `rows` each row.

    Rows are matched by `key`, else by the key that the dataset declares, else by a column that is unique in
    both versions; by all their values if there is none, or `key` is empty.
    """
    ctx.check_readable("dataset", after)
    first, second = (store.resolve(ctx.tx, ref, ctx.readable) for ref in (before, after))
    manifests = [load_manifest(ctx.blobs, each) for each in (first, second)]
    # Of both: a column may have been treated in one version and be in clear in the other.
    hidden = hidden_columns_of(ctx, first, manifests[0]) | hidden_columns_of(ctx, second, manifests[1])
    files = file_changes(*(_files(ctx.blobs, manifest) for manifest in manifests))
    moved, vectors = measured_drift(ctx, [first, second], manifests) if drift else ([], [])
    return DatasetDiff(
        before=first.ref,
        after=second.ref,
        rows_before=first.rows,
        rows_after=second.rows,
        schema=columns.changes(first.columns, second.columns, widening=True),
        files_added=files.added,
        files_removed=files.removed,
        files_changed=files.changed,
        files_renamed=files.renamed,
        drift=[*moved, *drift_between(ctx.blobs, first, second)] if drift else [],
        rows=without_values(_rows(ctx.blobs, manifests, key), hidden) if rows else None,
        vectors=vectors,
    )


def _files(blobs: "BlobStore", manifest: Manifest) -> "pl.DataFrame":
    """Return the files of a version: those of a folder, where its rows are files."""
    import polars as pl

    if manifest.format == "files":
        return index.read(blobs, manifest)
    return pl.DataFrame([(file.path, file.digest) for file in manifest.files], schema=_LISTED, orient="row")


def _rows(blobs: "BlobStore", manifests: list[Manifest], key: list[str] | None) -> RowChanges:
    from meguru.datasets.row_changes import row_changes

    return row_changes(blobs, *manifests, key=key)


def drift_between(blobs: "BlobStore", before: DatasetVersion, after: DatasetVersion) -> list[ColumnDrift]:
    """Compare the columns that both have, those that moved most first."""
    from meguru.datasets.frames import profile_of, scan_of
    from meguru.stats import psi_test, tally_column
    from meguru.stats.profile.columns import kind_of

    baseline, rows = profile_of(blobs, before), scan_of(blobs, after)
    schema = rows.collect_schema()
    found = []
    for name, profile in baseline.columns.items():
        numeric = profile.to_dict()["kind"]
        if name not in schema or kind_of(schema[name]) != numeric:
            continue
        result = psi_test(
            profile.own().with_nulls(),
            tally_column(profile, rows.select(name).collect(engine="streaming")[name]).with_nulls(),
            comparisons=len(baseline.columns),
        )
        found.append(ColumnDrift(column=name, psi=result.statistic, drifted=result.drifted))
    return sorted(found, key=lambda each: (-each.psi, each.column))
