"""Private blobs: files that hold personal columns in clear, and who may fetch them."""

from __future__ import annotations

from contextlib import suppress

from meguru.base import refs
from meguru.datasets.kind import DatasetSpec
from meguru.datasets.manifest import load_manifest
from meguru.datasets.personal import store
from meguru.datasets.redaction import hidden_columns
from meguru.datasets.types import Manifest
from meguru.datasets.versions.compact import given_files
from meguru.errors import DigestMismatch, NotFound
from meguru.kernel.operations import Context
from meguru.kernel.operations.authorise import require
from meguru.kernel.workspace import Workspace


def note_private_files(
    ctx: Context, name: str, spec: DatasetSpec, manifest: Manifest, before: Manifest | None
) -> None:
    """Write down the files of a new version that hold personal columns in clear."""
    if spec.columns and hidden_columns(spec, manifest):
        there = {file.digest for file in before.files} if before else set()
        new = [file for file in manifest.files if file.digest not in there]
        uploads = [entry.digest for entry in given_files(new)]
        store.note(ctx.tx, name, [*(file.digest for file in new), *uploads])


def note_all_private_files(ctx: Context, name: str, spec: DatasetSpec) -> None:
    """Write down the files of all versions that hold personal columns in clear, after these were named."""
    for version in store.all_versions(ctx.tx, [name]) if spec.columns else ():
        if version.remote_environment:
            continue
        # Of branches too, and of removed versions until they are freed: a file is fetched by its digest.
        with suppress(NotFound, DigestMismatch):
            note_private_files(ctx, name, spec, load_manifest(ctx.blobs, version), None)


def check_may_fetch(ws: Workspace, digest: str) -> None:
    """Refuse a file with personal columns in clear to who may not see them.

    Raises
    ------
    Forbidden
        If none of the datasets that have it is one of whose personal columns the caller may see values.
    """
    if ws.principal.allows("dataset:clear"):
        return
    with ws.read() as tx:
        names = store.datasets_of(tx, digest)
    if names and not any(ws.principal.allows("dataset:clear", refs.project_of(name)) for name in names):
        require(ws, "dataset:clear", "blob.get", project=refs.project_of(names[0]))
