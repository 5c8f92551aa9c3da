"""Take a release that was sent from another environment: verified, by digest, once."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.artifacts import trees
from meguru.base import digests, refs
from meguru.base.names import check_full_name
from meguru.base.type_errors import as_invalid
from meguru.datasets import store as datasets
from meguru.datasets.blobs import is_here
from meguru.datasets.manifest import load_manifest
from meguru.datasets.types import DatasetVersion
from meguru.datasets.versions.layout import digests_of
from meguru.datasets.write import record_arrival
from meguru.datasets.write import write_next as write_dataset
from meguru.errors import DigestMismatch, InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.kernel.projects import check_project
from meguru.pipelines import store as pipelines
from meguru.pipelines.register import check_snapshot, version_digest
from meguru.pipelines.register import write_next as write_pipeline
from meguru.pipelines.types import PipelineVersion
from meguru.registry import store as registry
from meguru.registry.register import register as register_model
from meguru.registry.types import ModelVersion
from meguru.releases import store
from meguru.releases.create import create
from meguru.releases.sending.types import FORMAT, ReleaseBundle
from meguru.releases.types import Release
from meguru.serving import store as endpoints

ANOTHER = "another environment"
_WRITES = ("model:write", "pipeline:write", "dataset:write")


@operation("release.receive", permission="release:write", on="endpoint")
def receive(ctx: Context, *, endpoint: str, bundle: dict[str, Any]) -> Release:
    """Take what another environment sent as a candidate: the gates and policies of this one judge it.

    Its blobs are here by then. Every digest is computed again, the model is loaded and must answer its own
    example. Versions get the next numbers of this environment, unless it has the same content already; the
    same release again changes nothing.

    Raises
    ------
    DigestMismatch
        If a part is not what its digest says.
    InvalidInput
        If a blob was not sent, the format is a newer one, or views gave a part there and none does here.
    """
    return _receive(ctx, refs.parse(endpoint, kind="endpoint").name, _read(bundle))


def _read(given: dict[str, Any]) -> ReleaseBundle:
    """Read what was sent; its format is looked at first, as a newer one may have other fields."""
    if given.get("format") != FORMAT:
        raise InvalidInput(
            f"format {str(given.get('format'))[:20]} of what is sent is not known here",
            hint="send it with this version of Meguru, or install a newer one here",
            field="bundle.format",
        )
    try:
        return msgspec.convert(given, ReleaseBundle)
    except msgspec.ValidationError as error:
        raise as_invalid(error, "bundle", ReleaseBundle) from None


def _receive(ctx: Context, name: str, bundle: ReleaseBundle) -> Release:
    _check_rights(ctx, name, bundle)
    with ctx.ws.read() as tx:
        endpoints.get(tx, name)
        known = store.received(tx, name, bundle.origin.identity)
    if known is not None:
        return _completed(ctx, known, bundle)
    model = _model(ctx, bundle.model)
    pipeline = _pipeline(ctx, bundle.pipeline) if bundle.pipeline else None
    versions = [_dataset(ctx, dataset, bundle.origin.source) for dataset in bundle.datasets]
    endpoints.lock(ctx.tx, name)
    # Asked again under the lock: while the model was loaded, the same bundle may have come a second time.
    if (known := store.received(ctx.tx, name, bundle.origin.identity)) is not None:
        return _completed(ctx, known, bundle)
    release = refs.make("release", name, store.next_version(ctx.tx, name))
    origin = bundle.origin
    told = ctx.emit(
        "release.received",
        release,
        data={
            "endpoint": refs.make("endpoint", name),
            "source": origin.source or ANOTHER,
            "release": origin.release,
            "identity": origin.identity,
            "digest": origin.digest,
            "evidence": digests.of_value(origin),
        },
        used=[*([pipeline.ref] if pipeline else []), *(version.ref for version in versions)],
        produced=[model.ref],
        project=refs.project_of(name),
    )
    note = f"sent from {origin.source or ANOTHER}: {origin.release}"
    made = create(
        ctx.with_(cause=told.id),
        endpoint=name,
        model=model.ref,
        app=bundle.app,
        note=note,
        inputs=bundle.inputs,
    )
    if made.identity != origin.identity:
        raise DigestMismatch(
            f"{origin.release} is not here what it was there",
            where=made.ref,
            why=f"its identity would be {made.identity[:12]}…, not {origin.identity[:12]}…",
        )
    if bundle.features and made.content.features is None and not made.content.contracts:
        raise InvalidInput(
            f"{origin.release} is asked with {bundle.features[:200]}, which does not go along",
            why="views are over data of their own environment, and no contract says here what clients send",
            hint=f'declare such views here, and name them: features = "…" of [endpoint.{name}]',
            field="features",
        )
    return store.keep_origin(ctx.tx, made, origin)


def _completed(ctx: Context, known: Release, bundle: ReleaseBundle) -> Release:
    """Return a release that is here already; files of its datasets may have come this time."""
    with ctx.ws.read() as tx:
        there = [datasets.of_digest(tx, dataset.name, dataset.digest) for dataset in bundle.datasets]
    for version in there:
        if not (
            version and version.remote_environment and is_here(ctx.blobs, load_manifest(ctx.blobs, version))
        ):
            continue
        _arrived(ctx, version)
    return known


def _arrived(ctx: Context, version: DatasetVersion) -> DatasetVersion:
    """Write that the files of a version, of which only their list was here, have come; and tell of it."""
    ctx.emit("dataset_version.arrived", version.ref, data={"digest": version.digest})
    return record_arrival(ctx, version)


def _check_rights(ctx: Context, endpoint: str, bundle: ReleaseBundle) -> None:
    parts = [bundle.model.name, *(dataset.name for dataset in bundle.datasets)]
    parts += [bundle.pipeline.name] if bundle.pipeline else []
    for project in {refs.project_of(part) for part in parts}:
        with ctx.ws.read() as tx:
            check_project(tx, project)
        for permission in _WRITES:
            ctx.require(permission, project=project, why=f"what is sent to {endpoint} is registered here")


def _model(ctx: Context, sent: ModelVersion) -> ModelVersion:
    with ctx.ws.read() as tx:
        known = registry.of_tree(tx, sent.name, sent.tree_digest)
    if known is not None:
        return known
    made = register_model(
        ctx,
        name=sent.name,
        tree=sent.tree_digest,
        metrics=sent.metrics,
        params=sent.params,
        note=sent.note,
    )
    if made.tree_digest != sent.tree_digest:
        raise DigestMismatch(f"{sent.ref} is another folder here", where=made.ref)
    return made


def _pipeline(ctx: Context, sent: PipelineVersion) -> PipelineVersion:
    name = check_full_name("pipeline", sent.name)
    if version_digest(sent.graph, sent.snapshot, sent.codes) != sent.digest:
        raise DigestMismatch(f"{sent.ref} is not what its digest says", where=sent.ref)
    for entry in trees.read_tree(ctx.blobs, sent.snapshot):
        _must_have(ctx, entry.digest, sent.ref)
    check_snapshot(ctx, sent.graph, sent.codes, sent.snapshot, sent.sources)
    newest = pipelines.lock(ctx.tx, name, ctx.now())
    if (version := pipelines.of_digest(ctx.tx, name, sent.digest)) is not None:
        return version
    number = newest.version + 1 if newest else 1
    return write_pipeline(ctx, msgspec.structs.replace(sent, folder=""), number)


def _dataset(ctx: Context, sent: DatasetVersion, source: str) -> DatasetVersion:
    name = check_full_name("dataset", sent.name)
    _must_have(ctx, sent.digest, sent.ref)
    manifest = load_manifest(ctx.blobs, sent)
    said = (sent.rows, sent.bytes, sent.files, sent.columns, sent.format)
    found = (manifest.rows, manifest.bytes, manifest.file_count, manifest.columns, manifest.format)
    if said != found or sent.digest not in digests_of(manifest):
        raise DigestMismatch(f"{sent.ref} is not what its list of files says", where=sent.ref)
    newest = datasets.lock(ctx.tx, name, ctx.now())
    if (version := datasets.of_digest(ctx.tx, name, sent.digest)) is not None:
        if not version.remote_environment or not is_here(ctx.blobs, manifest):
            return version
        return _arrived(ctx, version)
    number, note = newest.version + 1 if newest else 1, f"sent as {sent.ref}"
    where = "" if is_here(ctx.blobs, manifest) else source or ANOTHER
    return write_dataset(ctx, sent, number, note=note, elsewhere=where)


def _must_have(ctx: Context, digest: str, ref: str) -> None:
    if not ctx.has_blob(digests.check_digest(digest)):
        raise InvalidInput(
            f"a blob of {ref} was not sent",
            why=digest,
            hint="send it again: what is here stays",
            field="bundle",
        )
