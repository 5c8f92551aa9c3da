"""Incremental reads of many files: only new and changed ones are fetched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from meguru.datasets.position import SourcePosition
from meguru.datasets.sources.base import SourceContext, SourceRead, SourceSink
from meguru.datasets.sources.spec import SourceSpec
from meguru.errors import InvalidInput

MAX_FILES = 10_000
Fetch = Callable[[str, Path], None]
"""Brings the file of a place in the dataset to a path."""


def read_listed(
    spec: SourceSpec,
    context: SourceContext,
    since: SourcePosition | None,
    sink: SourceSink,
    there: Mapping[str, str],
    fetch: Fetch,
) -> SourceRead:
    """Give what is new of files that are there, by place, each with what tells one state of it from others.

    A file that is as it was is kept; in mode ``append`` also one that the source has no more.
    """
    if not there and since is None:
        raise InvalidInput("no file is there", field="files")
    if len(there) > MAX_FILES:
        why = f"{len(there):,} files are there; 1 to {MAX_FILES:,} can be read"
        raise InvalidInput("there are too many files", why=why, field="files")
    known: dict[str, str] = {}
    if since is not None and since.listing:
        known = msgspec.json.decode(context.blob(since.listing), type=dict[str, str])
    gone = [path for path in known if path not in there and path in context.known]
    state = dict(there)
    # A file that the source removed stays in the dataset, and in the listing, so that it is not new if it
    # comes back.
    if spec.mode == "append":
        state |= {path: known[path] for path in gone}
        for path in gone:
            sink.keep(path)
        gone = []
    for path, mark in there.items():
        if known.get(path) == mark and path in context.known:
            sink.keep(path)
            continue
        place = sink.scratch() / "file"
        fetch(path, place)
        sink.file(path, place)
    listing = context.put(msgspec.json.encode(dict(sorted(state.items()))))
    shrunk = f"{len(gone):,} files are there no more: {', '.join(gone[:5])}" if gone else ""
    position = SourcePosition(source=spec.identity, listing=listing, mark=f"{len(state):,} files")
    return SourceRead(position=position, whole=True, gone=gone, shrunk=shrunk)


def before_pattern(key: str) -> str:
    """Return the part of a path before the first folder or name with a pattern in it."""
    parts = []
    for part in key.split("/"):
        if any(mark in part for mark in "*?["):
            break
        parts.append(part)
    return "/".join(parts)


def is_pattern(key: str) -> bool:
    """Tell whether a path means many."""
    return any(mark in key for mark in "*?[")
