"""Carry a release from one workspace to another, wherever both are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import msgspec

from meguru.errors import DigestMismatch
from meguru.kernel.remote import RemoteWorkspace
from meguru.kernel.workspace import Workspace
from meguru.releases.sending.missing import MAX_BLOBS, missing
from meguru.releases.sending.pack import pack
from meguru.releases.sending.receive import receive
from meguru.releases.sending.types import DataPolicy
from meguru.releases.types import Release

Door = Workspace | RemoteWorkspace
OnBlob = Callable[[int, int], None]


class SentRelease(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a release that was sent: its candidate there, and what had to be carried for it."""

    release: Release
    blobs: int
    carried: int
    bytes: int


def send(
    here: Door,
    there: Door,
    release: str,
    *,
    data: DataPolicy = "manifest",
    source: str = "",
    on_blob: OnBlob | None = None,
) -> SentRelease:
    """Send a release; interrupted, it goes on where it stopped, and the same again changes nothing.

    Parameters
    ----------
    here, there
        Where it is, and where it goes: folders, databases or servers.
    release
        ``ENDPOINT@N``, or the newest of an endpoint.
    data
        ``manifest``: of datasets only the lists of files go along; ``copy``: the files too.
    source
        What the environment that it comes from is called.
    on_blob
        Called with the bytes that were carried so far, and those of all that has to be.

    Raises
    ------
    NotFound
        If there is no such release here, or its endpoint was not declared there.
    """
    bundle = pack(here, release=release, data=data, source=source)
    endpoint = bundle.origin.release.removeprefix("release/").rpartition("@")[0]
    lacking = [
        digest
        for some in _chunks(sorted(bundle.blobs))
        for digest in missing(there, endpoint=endpoint, blobs=some)
    ]
    whole, done = sum(bundle.blobs[each] for each in lacking), 0
    for digest in lacking:
        if there.blobs.put_file(here.blobs.path(digest)) != digest:
            raise DigestMismatch(f"blob {digest[:12]}… arrived as another one", where=digest)
        done += bundle.blobs[digest]
        if on_blob:
            on_blob(done, whole)
    made = receive(there, endpoint=endpoint, bundle=msgspec.to_builtins(bundle))
    return SentRelease(release=made, blobs=len(bundle.blobs), carried=len(lacking), bytes=whole)


def _chunks(listed: list[str]) -> Iterator[list[str]]:
    left = iter(listed)
    while some := list(islice(left, MAX_BLOBS)):
        yield some
