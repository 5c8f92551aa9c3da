"""Put together what of a release goes to another environment."""

from __future__ import annotations

from collections.abc import Iterator

from meguru.artifacts import trees
from meguru.datasets import store as datasets
from meguru.datasets.blobs import lists, needed
from meguru.errors import UnsafeModel
from meguru.kernel import events
from meguru.kernel.operations import Context, operation
from meguru.pipelines import lockfiles
from meguru.pipelines import store as pipelines
from meguru.pipelines.types import PipelineVersion
from meguru.registry import store as registry
from meguru.releases import store
from meguru.releases.digest import identity
from meguru.releases.sending.types import FORMAT, DataPolicy, ReleaseBundle
from meguru.releases.types import HistoryLine, Release, ReleaseOrigin

MAX_HISTORY = 50
"""So many events of each part go along, the newest."""


@operation("release.pack", permission="release:read", query=True, on="release")
def pack(ctx: Context, *, release: str, data: DataPolicy = "manifest", source: str = "") -> ReleaseBundle:
    """Return what of a release goes to another environment, and which blobs it needs.

    `data` says whether the files of its datasets go along, or only their lists; `source` is what this
    environment is called there.

    Raises
    ------
    UnsafeModel
        If its model is not verified.
    """
    found = store.get(ctx.tx, release)
    content = found.content
    ctx.check_readable("model", content.model.ref)
    model = registry.resolve(ctx.tx, content.model.ref)
    if not model.is_verified:
        raise UnsafeModel(f"{model.ref} is not verified, so it is sent nowhere", where=model.ref)
    part = content.pipeline
    pipeline = None
    if part is not None:
        ctx.check_readable("pipeline", part.ref)
        pipeline = pipelines.resolve(ctx.tx, part.ref)
    for release_part in content.datasets:
        ctx.check_readable("dataset", release_part.ref)
    origin = ReleaseOrigin(
        source=source,
        release=found.ref,
        digest=found.digest,
        identity=identity(content),
        results=found.results,
        history=_history(ctx, found),
        commit=pipeline.commit if pipeline else "",
    )
    versions = [datasets.resolve(ctx.tx, dataset.ref) for dataset in content.datasets]
    blobs = dict(_tree(ctx, model.tree_digest))
    blobs |= dict(_of_pipeline(ctx, pipeline)) if pipeline else {}
    for version in versions:
        listed = lists(ctx.blobs, version.digest)
        blobs |= {one: ctx.blobs.size(one) for one in (*listed, version.profile) if one}
        if data == "copy":
            blobs |= {one: ctx.blobs.size(one) for one in needed(ctx.blobs, version.digest)}
    return ReleaseBundle(
        format=FORMAT,
        origin=origin,
        app=content.app,
        inputs=content.inputs,
        model=model,
        pipeline=pipeline,
        datasets=versions,
        blobs=blobs,
        features=content.features.ref if content.features else "",
    )


def _history(ctx: Context, found: Release) -> list[HistoryLine]:
    content = found.content
    about = [found.ref, content.model.ref, content.pipeline.ref if content.pipeline else ""]
    lines = [
        HistoryLine(
            id=event.id,
            type=event.type,
            at=event.at,
            actor=event.actor,
            subject=event.subject,
            data=event.data,
        )
        for subject in about
        if subject
        for event in events.read(ctx.tx, subject=subject, newest_first=True, limit=MAX_HISTORY)
    ]
    return sorted(lines, key=lambda line: (line.at, line.id))


def _of_pipeline(ctx: Context, pipeline: PipelineVersion) -> Iterator[tuple[str, int]]:
    yield from _tree(ctx, pipeline.snapshot)
    for step in pipeline.graph.steps:
        digest = lockfiles.split(step.env)[1]
        if digest:
            yield from _tree(ctx, digest)


def _tree(ctx: Context, digest: str) -> Iterator[tuple[str, int]]:
    yield digest, ctx.blobs.size(digest)
    for entry in trees.read_tree(ctx.blobs, digest):
        yield entry.digest, entry.size
