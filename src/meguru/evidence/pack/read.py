"""Read the file of a pack as nothing but what `archive.write` would have written.

A ZIP archive can be read in many ways: from its end or its beginning, by its directory or by its headers.
Here only one is taken, and what the others would find has to be the same, byte for byte.
"""

from __future__ import annotations

import zlib
from typing import NamedTuple

import msgspec

from meguru.base import digests
from meguru.base.paths import check_path
from meguru.errors import InvalidInput
from meguru.evidence.pack.archive import (
    DEFLATED,
    LOCAL,
    LOCAL_NAMES,
    STORED,
    PackMember,
    directory,
    local_header,
)
from meguru.evidence.types import (
    FORMAT,
    MANIFEST,
    MAX_BYTES,
    MAX_PART_BYTES,
    MAX_PARTS,
    SIGNATURE,
    PackedPart,
    PackFault,
    PackManifest,
)

_MAX_HEAD = 4 << 20
"""Bytes of the manifest, and of its signature."""


class BrokenPack(Exception):
    """The file is no pack, or not the one that was made: at a place, for a reason."""

    def __init__(self, place: str, what: str) -> None:
        super().__init__(f"{place}: {what}")
        self.fault = PackFault(place=place, what=what)


class ReadPack(NamedTuple):
    """A pack of which each byte is as its manifest says."""

    manifest: PackManifest
    manifest_bytes: bytes
    signature: bytes
    parts: dict[str, bytes]


def read_pack(data: bytes | memoryview) -> ReadPack:
    """Return what is in a file.

    Raises
    ------
    BrokenPack
        At the first byte that is not as it has to be, or in the part in which one is.
    """
    view = memoryview(data)
    first = _stored(view, 0, MANIFEST)
    second = _stored(view, _after(first, 0), SIGNATURE)
    manifest = _manifest(bytes(first.raw))
    members, at, parts = [first, second], _after(second, _after(first, 0)), {}
    for part in manifest.parts:
        member, content = _part(view, at, part)
        members.append(member)
        parts[part.path] = content
        at = _after(member, at)
    _ending(view, at, members)
    return ReadPack(manifest, bytes(first.raw), bytes(second.raw), parts)


def _after(member: PackMember, at: int) -> int:
    return at + LOCAL.size + len(member.path.encode()) + len(member.raw)


def _stored(view: memoryview, at: int, path: str) -> PackMember:
    """Return a member that nothing but its own header tells of, and that has to be there."""
    if len(view) < at + LOCAL.size:
        raise BrokenPack(path, f"byte {len(view)}: the file ends before it")
    fields = LOCAL.unpack_from(view, at)
    size = fields[8]
    begin = at + LOCAL.size + len(path)
    if fields[0] == b"PK\x03\x04" and (size > _MAX_HEAD or len(view) < begin + size):
        raise BrokenPack(path, f"byte {at + 22}: it says that it has {size:,} bytes, which are not there")
    raw = view[begin : begin + size]
    member = PackMember(path, STORED, zlib.crc32(raw), len(raw), raw)
    if fields[0] == b"PK\x03\x04" and fields[6] != member.crc:
        what = f"bytes {begin} to {begin + len(raw) - 1} do not have the checksum that is at byte {at + 14}"
        raise BrokenPack(path, what)
    _same(view, at, local_header(member), path)
    return member


def _part(view: memoryview, at: int, part: PackedPart) -> tuple[PackMember, bytes]:
    begin = at + LOCAL.size + len(part.path.encode())
    end = begin + part.stored
    if len(view) < end:
        raise BrokenPack(part.path, f"byte {len(view)}: the file ends before its end at byte {end}")
    raw = view[begin:end]
    if digests.of_bytes(raw) != part.stored_sha256:
        why = f"bytes {begin} to {end - 1} do not have the digest that the manifest has of them"
        raise BrokenPack(part.path, why)
    content = _inflated(raw, part)
    if digests.of_bytes(content) != part.sha256:
        raise BrokenPack(part.path, "its content does not have the digest that the manifest has of it")
    member = PackMember(part.path, DEFLATED, zlib.crc32(content), len(content), raw)
    _same(view, at, local_header(member), part.path)
    return member, content


def _inflated(raw: memoryview, part: PackedPart) -> bytes:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        # One byte more than promised is enough to know that the promise is broken.
        content = unpacker.decompress(raw, part.size + 1)
    except zlib.error as error:
        raise BrokenPack(part.path, f"it can't be unpacked: {error}") from error
    if len(content) != part.size or not unpacker.eof or unpacker.unused_data or unpacker.unconsumed_tail:
        raise BrokenPack(part.path, f"it does not unpack to the {part.size:,} bytes that the manifest says")
    return content


def _manifest(data: bytes) -> PackManifest:
    try:
        manifest = msgspec.json.decode(data, type=PackManifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BrokenPack(MANIFEST, f"it is no manifest: {error}") from error
    if manifest.format != FORMAT:
        raise BrokenPack(MANIFEST, f"its format is {manifest.format}; this version reads {FORMAT}")
    if digests.canonical(manifest) != data:
        raise BrokenPack(MANIFEST, "it is not spelled as a manifest is: keys in order, no spaces, none twice")
    _check_parts(manifest.parts)
    return manifest


def _check_parts(parts: list[PackedPart]) -> None:
    if len(parts) > MAX_PARTS:
        raise BrokenPack(MANIFEST, f"it lists {len(parts)} parts; {MAX_PARTS} are allowed")
    seen = {MANIFEST, SIGNATURE}
    for index, part in enumerate(parts):
        place = f"{MANIFEST}: parts[{index}]"
        try:
            check_path(part.path)
        except InvalidInput as error:
            raise BrokenPack(place, f"{error.what}: {error.why}") from error
        if not part.path.isascii() or not part.path.startswith("parts/"):
            raise BrokenPack(place, f"no part is called {part.path!r}")
        if part.path in seen:
            raise BrokenPack(place, f"{part.path} is listed twice")
        if not (0 <= part.size <= MAX_PART_BYTES and 0 <= part.stored <= MAX_PART_BYTES):
            raise BrokenPack(place, f"it says that {part.path} has {part.size:,} bytes, of {part.stored:,}")
        seen.add(part.path)
    if sum(part.size for part in parts) > MAX_BYTES:
        raise BrokenPack(MANIFEST, f"its parts are larger than {MAX_BYTES:,} bytes together")


def _ending(view: memoryview, at: int, members: list[PackMember]) -> None:
    """Compare what is behind the last part with the only directory that fits."""
    wanted = directory(members)
    found = bytes(view[at : at + len(wanted) + 1])
    if found == wanted:
        return
    where = next((n for n, (a, b) in enumerate(zip(found, wanted, strict=False)) if a != b), None)
    if where is not None:
        raise BrokenPack("directory of the archive", f"byte {at + where} is not as the parts say")
    if len(found) < len(wanted):
        raise BrokenPack("directory of the archive", f"byte {len(view)}: the file ends before its end")
    extra = len(view) - at - len(wanted)
    raise BrokenPack("end of the file", f"byte {at + len(wanted)}: {extra:,} bytes too many")


def _same(view: memoryview, at: int, wanted: bytes, path: str) -> None:
    """Compare a header with the only one that fits; name the field that differs."""
    found = bytes(view[at : at + len(wanted)])
    if found == wanted:
        return
    where = next((n for n, (a, b) in enumerate(zip(found, wanted, strict=False)) if a != b), len(found))
    raise BrokenPack(path, f"byte {at + where}: its header is not as the content says ({_field(where)})")


def _field(offset: int) -> str:
    sizes = (4, 2, 2, 2, 2, 2, 4, 4, 4, 2, 2)
    for name, size in zip(LOCAL_NAMES, sizes, strict=True):
        if offset < size:
            return name
        offset -= size
    return "name"
