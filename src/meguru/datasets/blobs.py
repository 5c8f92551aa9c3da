"""Which blobs versions of datasets need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Row

from meguru.artifacts.integrity.sources import BlobSource, declare, declare_form, members
from meguru.artifacts.integrity.types import PLAIN, BlobMember, BlobReference
from meguru.base import refs
from meguru.datasets.folders.index import FORM as FOLDER
from meguru.datasets.folders.index import packs_of
from meguru.datasets.position import SourcePosition
from meguru.datasets.pulls.schema import dataset_source
from meguru.datasets.schema import dataset_version
from meguru.datasets.types import DataFile, Manifest
from meguru.datasets.versions.layout import read_part
from meguru.storage.blobs import BlobStore

MANIFEST = "dataset"
PART = "dataset-part"


def _references(row: Row[Any]) -> Iterator[BlobReference]:
    if row.removed_at is not None:
        return
    ref = refs.make("dataset", row.name, row.version)
    form = PLAIN if row.remote_environment else MANIFEST  # the files that it lists were never here
    yield BlobReference(digest=row.digest, ref=ref, part="list of its files", form=form)
    yield BlobReference(digest=row.profile, ref=ref, part="profile")


def _listed(body: bytes) -> Iterator[BlobMember]:
    listed = msgspec.json.decode(body, type=Manifest)
    for number, part in enumerate(listed.parts):
        yield BlobMember(digest=part.digest, path=f"part {number + 1} of the list", form=PART)
    yield from _files(listed.files)
    for digest in listed.position.blobs if listed.position else ():
        yield BlobMember(digest=digest, path="how far its source was read")


def _part(body: bytes) -> Iterator[BlobMember]:
    yield from _files(read_part(body))


def _files(files: list[DataFile]) -> Iterator[BlobMember]:
    for file in files:
        yield BlobMember(digest=file.digest, path=file.path, form=file.form or PLAIN)
        if file.deleted:
            yield BlobMember(digest=file.deleted, path=f"deleted rows of {file.path}")


def _packs(body: bytes) -> Iterator[BlobMember]:
    for pack in packs_of(body):
        yield BlobMember(digest=pack, path="a pack of files")


declare_form(MANIFEST, _listed)
declare_form(FOLDER, _packs)
declare_form(PART, _part)
VERSIONS = declare(
    BlobSource(
        key=[dataset_version.c.name, dataset_version.c.version],
        columns=[
            dataset_version.c.name,
            dataset_version.c.version,
            dataset_version.c.digest,
            dataset_version.c.profile,
            dataset_version.c.removed_at,
            dataset_version.c.remote_environment,
        ],
        read=_references,
    )
)


def needed(blobs: BlobStore, digest: str, form: str = MANIFEST) -> set[str]:
    """Return the blobs that a version needs to be read, beginning with its list of files."""
    # The list itself, and all that it lists, down to packs.
    found = {digest}
    for member in members(form, blobs.get_bytes(digest)) if form != PLAIN else ():
        found |= needed(blobs, member.digest, member.form)
    return found


def lists(blobs: BlobStore, digest: str) -> list[str]:
    """Return the blobs that the list of files of a version stands in."""
    parts = [member.digest for member in members(MANIFEST, blobs.get_bytes(digest)) if member.form == PART]
    return [digest, *parts]


def is_here(blobs: BlobStore, manifest: Manifest) -> bool:
    """Tell whether the files of a version are here, not only their list."""
    for member in _files(manifest.files):
        if not blobs.has(member.digest):
            return False
        listed = members(member.form, blobs.get_bytes(member.digest)) if member.form != PLAIN else []
        if not all(blobs.has(one.digest) for one in listed):
            return False
    return True


def _ahead(row: Row[Any]) -> Iterator[BlobReference]:
    position = msgspec.convert(row.position, SourcePosition) if row.position else None
    for digest in position.blobs if position else ():
        yield BlobReference(
            digest=digest, ref=refs.make("dataset", row.name), part="how far its source was read"
        )


POSITIONS = declare(
    BlobSource(
        key=[dataset_source.c.name], columns=[dataset_source.c.name, dataset_source.c.position], read=_ahead
    )
)
