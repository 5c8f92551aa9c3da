"""Orphans, for the garbage collection: blobs that nothing refers to, as uploads that were never registered.

Nothing is freed on the word of one list. A blob is an orphan if no noun's table refers to it, itself or by
lists (as `meguru doctor` walks them), its digest stands nowhere else in the database, nor in a JSON blob that
does, and it is older than a day: what is being uploaded now is registered later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

import msgspec
from sqlalchemy import Connection, String, Table, select
from sqlalchemy import cast as as_type

from meguru.artifacts.integrity.sources import every_source, members
from meguru.artifacts.integrity.types import PLAIN
from meguru.errors import DigestMismatch, NotFound
from meguru.storage.blobs import BlobStore
from meguru.storage.db import Json, metadata

if TYPE_CHECKING:
    from meguru.storage.blobs.base import PrunableStore

AGE_SECONDS = 86_400.0
_PAGE = 1000
_DIGEST = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_HISTORY = frozenset(
    {"event", "dataset_version", "alembic_version", "private_blob", "erased_blob", "erasure"}
)
"""Tables that tell of what was, or mark blobs: what they name is not needed for that."""
_MAX_DECODED = 16 << 20
_HEX = 64


class NeededBlobs:
    """The blobs that rows refer to, themselves or by lists.

    Attributes
    ----------
    found
        Their digests.
    lost
        How many lists could not be read, so that nobody knows what they name.
    """

    def __init__(self, tx: Connection, blobs: BlobStore) -> None:
        self._blobs = blobs
        self._seen: set[str] = set()
        self.found: set[str] = set()
        self.lost = 0
        self.look(tx)

    def look(self, tx: Connection) -> None:
        """Add what rows refer to by now; a list that was read before is not read again."""
        for source in every_source().values():
            after: list[object] = []
            while True:
                references, after = source.page(tx, after, _PAGE)
                for reference in references:
                    self.add(reference.digest, reference.form)
                if not after:
                    break

    def add(self, digest: str, form: str) -> None:
        """Count a blob in, and all that it lists."""
        waiting = [(digest, form)]
        while waiting:
            digest, form = waiting.pop()
            self.found.add(digest)
            if form == PLAIN or digest in self._seen:
                continue
            self._seen.add(digest)
            try:
                waiting += [
                    (member.digest, member.form) for member in members(form, self._blobs.get_bytes(digest))
                ]
            except (NotFound, DigestMismatch, ValueError, msgspec.DecodeError):
                # A store that does not answer ends it all.
                self.lost += 1


def orphans(tx: Connection, blobs: BlobStore, before: float) -> set[str]:
    """Return the blobs that nothing needs and that are older than a moment (seconds since 1970).

    None are if a list can't be read: what it names may be needed.
    """
    kept = cast("PrunableStore", blobs)
    there = set(kept.listed(before))
    if not there:
        return set()
    needed = NeededBlobs(tx, blobs)
    left = there - needed.found
    if needed.lost or not left:
        return set()
    return left - _mentioned(tx, blobs, left)


def _mentioned(tx: Connection, blobs: BlobStore, among: set[str]) -> set[str]:
    """Return those of some blobs whose digest stands anywhere in the database, or in a blob that does."""
    waiting = {found for table in metadata.sorted_tables for found in _in_table(tx, table) if found in among}
    found: set[str] = set()
    while waiting:
        digest = waiting.pop()
        found.add(digest)
        waiting |= (_in_blob(blobs, digest) & among) - found
    return found


def _in_table(tx: Connection, table: Table) -> Iterable[str]:
    texts = [column for column in table.columns if isinstance(column.type, String | Json)]
    if table.name in _HISTORY or not texts:
        return
    # As text, also of JSON columns: a digest counts wherever it stands.
    query = select(*(as_type(text, String) for text in texts)).execution_options(yield_per=_PAGE)
    for row in tx.execute(query):
        for value in row:
            if isinstance(value, str):
                yield from _DIGEST.findall(value)


def _in_blob(blobs: BlobStore, digest: str) -> set[str]:
    try:
        if blobs.size(digest) > _MAX_DECODED:
            return _in_large(blobs, digest)
        body = blobs.get_bytes(digest)
        msgspec.json.decode(body)
    except (NotFound, DigestMismatch, ValueError, msgspec.DecodeError):
        return set()  # it lists nothing
    return set(_DIGEST.findall(body.decode()))


def _in_large(blobs: BlobStore, digest: str) -> set[str]:
    """Return the digests in a blob that may be JSON, read piece by piece: what it names is not freed."""
    found: set[str] = set()
    with blobs.path(digest).open("rb") as file:
        rest = file.read(_MAX_DECODED)
        if rest.lstrip()[:1] not in {b"[", b"{"}:
            return set()
        while rest:
            found.update(_DIGEST.findall(rest.decode("latin-1")))
            more = file.read(_MAX_DECODED)
            # One that is cut in two stands in the end of this piece and the beginning of the next.
            rest = rest[-_HEX:] + more if more else b""
    return found
