"""Mask personal columns; reading them in clear is an operation of its own, and logged."""

from __future__ import annotations

import msgspec

from meguru.datasets import store
from meguru.datasets.manifest import load_manifest
from meguru.datasets.redaction import hidden_columns
from meguru.datasets.spec import spec_of
from meguru.datasets.types import DatasetColumn, DatasetVersion, Manifest
from meguru.datasets.versions.layout import write_manifest
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation

_MAX_REASON = 2000


@operation("dataset.look", permission="dataset:clear", on="ref")
def look(ctx: Context, *, ref: str, reason: str) -> DatasetVersion:
    """Show a version whose personal columns are read in clear; who looked, and why, is written down.

    What `dataset.show` returns has these columns masked. Without any, it is the same version.
    """
    if not reason.strip() or len(reason) > _MAX_REASON:
        raise InvalidInput(
            "say what it is needed for", field="reason", why=f"up to {_MAX_REASON:,} characters"
        )
    version = store.resolve(ctx.tx, ref, ctx.readable)
    columns = sorted(hidden_columns_of(ctx, version, load_manifest(ctx.blobs, version)))
    ctx.emit("dataset_version.seen_in_clear", version.ref, data={"columns": columns, "reason": reason})
    return version


def hidden_columns_of(ctx: Context, version: DatasetVersion, manifest: Manifest) -> frozenset[str]:
    """Return the columns of a version that are masked."""
    spec = spec_of(ctx.tx, version.name)
    return hidden_columns(spec, manifest) if spec.columns else frozenset()


def masked_version(ctx: Context, version: DatasetVersion) -> DatasetVersion:
    """Return a version as all may see it: its list of files says which columns are masked."""
    if version.remote_environment or not spec_of(ctx.tx, version.name).columns:
        return version
    # The same files under a list that hides columns: whoever reads by the digest gets masks, also far from
    # here.
    manifest = load_manifest(ctx.blobs, version)
    if not (hidden := hidden_columns_of(ctx, version, manifest)):
        return version
    shown = _masked(manifest, hidden)
    return msgspec.structs.replace(version, digest=write_manifest(ctx.blobs, shown), columns=shown.columns)


def _masked(manifest: Manifest, hidden: frozenset[str]) -> Manifest:
    columns = [
        DatasetColumn(name=column.name, type="String") if column.name in hidden else column
        for column in manifest.columns
    ]
    return msgspec.structs.replace(manifest, columns=columns, hidden=sorted(hidden))
