"""How a manifest is stored: its list of files in parts, so that an append writes one small blob.

A part holds the same number of files always, counted from the first one. So a version that adds a file writes
one small blob however many files there are; equal lists have equal digests.
"""

from __future__ import annotations

import threading

import msgspec

from meguru.base import digests
from meguru.datasets.types import DataFile, DatasetColumn, Manifest, ManifestPart
from meguru.storage.blobs import BlobStore

# A part of the format: with another number the same files would have another digest, and no version would
# equal one from before.
FILES_PER_PART = 100
"""So many files stand in a part."""
_MAX_DECODED = 256
_decoded: dict[str, list[DataFile]] = {}
"""Parts that this process read: they never change."""
_lock = threading.Lock()


def read_manifest(blobs: BlobStore, digest: str) -> Manifest:
    """Read the whole list of files that a digest names."""
    listed = msgspec.json.decode(blobs.get_bytes(digest), type=Manifest)
    if not listed.parts:
        return listed
    old = [file for part in listed.parts for file in _part(blobs, part.digest)]
    return msgspec.structs.replace(listed, parts=[], files=[*old, *listed.files])


def write_manifest(blobs: BlobStore, manifest: Manifest, before: Manifest | None = None) -> str:
    """Keep a list of files; return its digest. Parts that the version before has are there already."""
    listed, parts = packed(manifest)
    # Parts first, the list last: whenever the process is killed, no list names a part that is missing.
    known = _kept_parts(blobs, before) if before else set()
    for part in listed.parts:
        if part.digest not in known:
            blobs.put_bytes(parts[part.digest])
    return blobs.put_bytes(digests.canonical(listed))


def _kept_parts(blobs: BlobStore, manifest: Manifest) -> set[str]:
    """Return the parts of a list that is kept; none of one that was kept whole, before there were parts."""
    listed, parts = packed(manifest)
    return set(parts) if parts and blobs.has(digests.of_value(listed)) else set()


def digests_of(manifest: Manifest) -> set[str]:
    """Return the digests that a list of files has when it is kept: in parts, or whole as it was before."""
    return {digests.of_value(packed(manifest)[0]), digests.of_value(manifest)}


def packed(manifest: Manifest) -> tuple[Manifest, dict[str, bytes]]:
    """Return the short list, and the parts that it names by their digests."""
    # Cut at multiples, counted from the first file: an append leaves each earlier part, and its digest, as it
    # is.
    whole = len(manifest.files) // FILES_PER_PART * FILES_PER_PART
    if len(manifest.files) <= FILES_PER_PART:
        return manifest, {}
    parts: dict[str, bytes] = {}
    named = []
    for begin in range(0, whole, FILES_PER_PART):
        body = digests.canonical(manifest.files[begin : begin + FILES_PER_PART])
        named.append(ManifestPart(digest=digests.of_bytes(body), files=FILES_PER_PART))
        parts[named[-1].digest] = body
    return msgspec.structs.replace(manifest, parts=named, files=manifest.files[whole:]), parts


def read_part(body: bytes) -> list[DataFile]:
    """Return the files that a part lists."""
    return msgspec.json.decode(body, type=list[DataFile])


def _part(blobs: BlobStore, digest: str) -> list[DataFile]:
    with _lock:
        found = _decoded.get(digest)
    if found is None:
        found = _with_shared_columns(read_part(blobs.get_bytes(digest)))
        with _lock:
            while len(_decoded) >= _MAX_DECODED:
                _decoded.pop(next(iter(_decoded)))  # the oldest
            _decoded[digest] = found
    return found


def _with_shared_columns(files: list[DataFile]) -> list[DataFile]:
    """Let files with equal columns share one list of them: of wide tables it is most of what is kept."""
    shared: dict[tuple[DatasetColumn, ...], list[DatasetColumn]] = {}
    return [
        msgspec.structs.replace(file, columns=shared.setdefault(tuple(file.columns), file.columns))
        for file in files
    ]
