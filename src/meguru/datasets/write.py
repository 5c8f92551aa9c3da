"""Write a manifest as the next version of a dataset, or of a branch of it, and emit its event."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from meguru.base import digests, refs
from meguru.datasets import store
from meguru.datasets.examine import prove
from meguru.datasets.expectations.enforce import record_check
from meguru.datasets.expectations.types import ExpectationResult
from meguru.datasets.manifest import load_manifest
from meguru.datasets.personal.private_blobs import note_private_files
from meguru.datasets.spec import spec_of
from meguru.datasets.types import DatasetVersion, Manifest, Mode
from meguru.datasets.versions.change import same_content
from meguru.datasets.versions.layout import write_manifest
from meguru.errors import Conflict
from meguru.kernel.operations import Context

EMPTY_PROFILE = digests.canonical({"rows": 0, "columns": {}})
"""The profile of a version whose rows were not looked at: it is made when somebody asks for it."""


class Line(NamedTuple):
    """Where a version is written: to a dataset or a branch of it, behind the version it `follows` if said."""

    name: str
    branch: str
    follows: str


def write_following(
    ctx: Context,
    line: Line,
    agree: Callable[[Manifest | None, str], tuple[Manifest, list[ExpectationResult]]],
    *,
    profile: bytes,
    mode: Mode,
    note: str,
    used: Sequence[str],
) -> DatasetVersion:
    """Write the version that follows from the newest one, which nobody changes meanwhile."""
    # Optimistic concurrency: files were read and judged before, without a lock. `agree` proves here that they
    # may still follow, or finds again what changes.
    previous = store.lock(ctx.tx, line.name, ctx.now(), line.branch)
    check_follows(previous, line.follows)
    before = load_manifest(ctx.blobs, previous) if previous else None
    manifest, results = agree(before, previous.digest if previous else "")
    prove(ctx.blobs, before, manifest)
    if previous and before and is_same(before, manifest):
        return record_arrival(ctx, previous) if previous.remote_environment else previous
    version = write_version(
        ctx,
        manifest,
        name=line.name,
        profile=profile,
        note=note,
        branch=line.branch,
        before=before,
    )
    emit_version(ctx, version, previous, mode, used)
    record_check(ctx, version, results)
    return version


def is_same(before: Manifest, after: Manifest) -> bool:
    """Tell whether two manifests are of the same files in any order, wherever a source stood."""
    return same_content(before, msgspec.structs.replace(after, position=before.position))


def check_follows(previous: DatasetVersion | None, follows: str) -> None:
    """Refuse to write behind a version that the caller does not know."""
    if follows and (previous is None or follows not in {previous.ref, str(previous.version)}):
        newest = previous.ref if previous else "none"
        raise Conflict(
            f"{follows} is not the newest version any more",
            where=newest,
            why=f"the newest is {newest}",
            hint="look at what changed (meguru data diff), and write again",
        )


def emit_version(
    ctx: Context,
    version: DatasetVersion,
    previous: DatasetVersion | None,
    mode: str,
    used: Sequence[str] = (),
) -> None:
    """Write into the log that a version was made; on a branch that is no news for what waits for data."""
    seen = {"digest": version.digest, "rows": version.rows, "files": version.files}
    seen |= {"mode": mode, "note": version.note}
    ctx.emit(
        "dataset_version.drafted" if version.branch else "dataset_version.created",
        version.ref,
        data=seen | ({"branch": version.branch} if version.branch else {}),
        used=dict.fromkeys([*used, *([previous.ref] if previous else [])]),
        produced=[version.ref],
    )


def write_next(
    ctx: Context, sent: DatasetVersion, number: int, *, note: str, elsewhere: str
) -> DatasetVersion:
    """Write a version that was made elsewhere, with the next number here; the caller holds the dataset.

    `elsewhere` is what has its files, if they did not come along.
    """
    version = msgspec.structs.replace(
        sent,
        ref=refs.make("dataset", sent.name, number),
        version=number,
        note=note,
        branch="",
        remote_environment=elsewhere,
        created_at=ctx.now(),
        created_by=ctx.principal.name,
    )
    store.add(ctx.tx, version)
    _note_files(ctx, version)
    seen = {"digest": version.digest, "rows": version.rows, "files": version.files}
    ctx.emit(
        "dataset_version.created",
        version.ref,
        data=seen | {"mode": "received", "note": note},
        used=[refs.make("dataset", sent.name, number - 1)] if number > 1 else [],
        produced=[version.ref],
    )
    return version


def record_arrival(ctx: Context, version: DatasetVersion) -> DatasetVersion:
    """Write down that the files of a version are here now, which was sent without them."""
    here = store.arrived(ctx.tx, version)
    _note_files(ctx, here)
    return here


def _note_files(ctx: Context, version: DatasetVersion) -> None:
    """Note which files of a version from elsewhere hold personal columns in clear, if they are here."""
    spec = spec_of(ctx.tx, version.name)
    if spec.columns and not version.remote_environment:
        note_private_files(ctx, version.name, spec, load_manifest(ctx.blobs, version), None)


def check_blobs_exist(ctx: Context, digests: Iterable[str], what: str) -> None:
    """Refuse bytes that were freed since they were looked at: nothing is freed while this is open."""
    if any(digest and not ctx.has_blob(digest) for digest in digests):
        raise Conflict(
            f"the bytes of {what} were freed meanwhile",
            why="nothing referred to them",
            hint="upload them again: the same command does",
        )


def _check_new(ctx: Context, manifest: Manifest, before: Manifest | None) -> None:
    old = {digest for file in (before.files if before else ()) for digest in (file.digest, file.deleted)}
    for file in manifest.files:
        check_blobs_exist(ctx, {file.digest, file.deleted} - old, repr(file.path))
    if manifest.position and not (before and before.position == manifest.position):
        check_blobs_exist(ctx, manifest.position.blobs, "how far its source was read")


def write_version(
    ctx: Context,
    manifest: Manifest,
    *,
    name: str,
    note: str,
    profile: bytes = b"",
    branch: str = "",
    before: Manifest | None = None,
) -> DatasetVersion:
    """Write a list of files as the next version; the caller holds the dataset.

    `before` is the list of the version before, whose parts are there already.
    """
    # Branches take numbers of the same series: `NAME@7` is one version, whatever line it is on.
    number = store.next_number(ctx.tx, name)
    _check_new(ctx, manifest, before)
    version = DatasetVersion(
        ref=refs.make("dataset", name, number),
        name=name,
        version=number,
        digest=write_manifest(ctx.blobs, manifest, before),
        profile=ctx.blobs.put_bytes(profile or EMPTY_PROFILE),
        format=manifest.format,
        rows=manifest.rows,
        bytes=manifest.bytes,
        files=manifest.file_count,
        columns=manifest.columns,
        event_time=manifest.event_time,
        note=note,
        created_at=ctx.now(),
        created_by=ctx.principal.name,
        branch=branch,
    )
    store.add(ctx.tx, version)
    note_private_files(ctx, name, spec_of(ctx.tx, name), manifest, before)
    return version
