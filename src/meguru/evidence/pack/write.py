"""Pack parts into one file: the manifest of them all, signed, before them."""

from __future__ import annotations

from collections.abc import Sequence

from meguru.base import digests
from meguru.errors import TooLarge
from meguru.evidence.pack.archive import deflated, stored, write
from meguru.evidence.types import (
    FORMAT,
    MANIFEST,
    MAX_BYTES,
    MAX_PART_BYTES,
    MAX_PARTS,
    SIGNATURE,
    LogHead,
    PackContent,
    PackedPart,
    PackManifest,
)
from meguru.governance.signing_keys.statements import predicate_type
from meguru.signing.keys import SigningKey
from meguru.signing.statement import Statement, StatementSubject


def write_pack(
    contents: Sequence[PackContent],
    key: SigningKey,
    *,
    release: StatementSubject,
    model: StatementSubject,
    head: LogHead,
) -> bytes:
    """Return the file of a pack; the same contents of the same moment are the same bytes.

    Raises
    ------
    TooLarge
        If there is more in it than anybody would read.
    """
    size = sum(len(content.data) for content in contents)
    if len(contents) > MAX_PARTS or size > MAX_BYTES:
        raise TooLarge(
            "this evidence is too large for one file", why=f"{len(contents)} parts, {size:,} bytes"
        )
    if large := next((content for content in contents if len(content.data) > MAX_PART_BYTES), None):
        why = f"it has {len(large.data):,} bytes, and {MAX_PART_BYTES:,} are read"
        raise TooLarge("a part of this evidence is too large", where=large.path, why=why)
    members = [deflated(content.path, content.data) for content in contents]
    manifest = PackManifest(
        format=FORMAT,
        release=release.name,
        digest=release.digest["sha256"],
        model=model.name,
        model_digest=model.digest["sha256"],
        head=head,
        parts=[
            PackedPart(
                path=each.path,
                media_type=each.media_type,
                size=len(each.data),
                sha256=digests.of_bytes(each.data),
                stored=len(member.raw),
                stored_sha256=digests.of_bytes(member.raw),
            )
            for each, member in zip(contents, members, strict=True)
        ],
    )
    listed = digests.canonical(manifest)
    statement = Statement(
        subject=[StatementSubject(name=MANIFEST, digest={"sha256": digests.of_bytes(listed)})],
        predicate_type=predicate_type("evidence"),
        predicate={"release": manifest.release, "digest": manifest.digest, "head": head},
    )
    signed = digests.canonical(statement.signed(key))
    return write([stored(MANIFEST, listed), stored(SIGNATURE, signed), *members])
