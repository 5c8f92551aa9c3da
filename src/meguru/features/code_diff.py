"""What changed in the code of a view, line by line."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from itertools import islice

from meguru.compute.code.types import SourceFile
from meguru.features.types import FeatureCode
from meguru.storage.blobs import BlobStore

MAX_LINES = 400
_MAX_BYTES = 1 << 20


def changed_lines(blobs: BlobStore, before: FeatureCode | None, after: FeatureCode | None) -> list[str]:
    """Return the lines that differ between the modules of two snapshots, as a unified diff.

    Files that are the same, or larger than a module of code is, are left out.
    """
    if before is None or after is None or before.digest == after.digest:
        return []
    return changed_sources(blobs, before.sources, after.sources)


def changed_sources(
    blobs: BlobStore, before: Sequence[SourceFile], after: Sequence[SourceFile], most: int = MAX_LINES
) -> list[str]:
    """Return the lines that differ between the files of two projects, at most so many, as a unified diff."""
    old, new = ({file.path: file.digest for file in each} for each in (before, after))
    lines: list[str] = []
    for path in sorted({*old, *new}):
        if old.get(path) != new.get(path) and len(lines) < most:
            was, now = (_text(blobs, each.get(path, "")) for each in (old, new))
            found = difflib.unified_diff(was, now, fromfile=path, tofile=path, lineterm="", n=2)
            lines += islice(found, most - len(lines))
    return lines


def _text(blobs: BlobStore, digest: str) -> list[str]:
    if not digest or not blobs.has(digest) or blobs.size(digest) > _MAX_BYTES:
        return []
    return blobs.get_bytes(digest).decode("utf-8", errors="replace").splitlines()
