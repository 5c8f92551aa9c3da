"""The bytes of the archive, given its members: one spelling, so that a changed byte anywhere is seen.

Source: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16.
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")
LOCAL_NAMES = (
    "signature", "version needed", "flags", "method", "time", "date", "crc-32", "compressed size", "size",
    "length of the name", "length of the extra field",
)  # fmt: skip
STORED, DEFLATED = 0, 8
# 0x21 is 1980-01-01, the first day of DOS time: the same contents are the same bytes whenever they are
# packed.
_NEEDED, _UTF8, _TIME, _DATE = 20, 0x800, 0, 0x21
_MADE_BY, _MODE = 20 | 3 << 8, 0o100644 << 16


class PackMember(NamedTuple):
    """A member of an archive as it is stored; `raw` are its bytes there."""

    path: str
    method: int
    crc: int
    size: int
    raw: bytes | memoryview


def deflated(path: str, data: bytes) -> PackMember:
    """Return a member that is compressed."""
    # The level is written down, as a default may change. Raw deflate (negative window bits): ZIP has its own
    # headers.
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    raw = packer.compress(data) + packer.flush()
    return PackMember(path, DEFLATED, zlib.crc32(data), len(data), raw)


def stored(path: str, data: bytes) -> PackMember:
    """Return a member as it is."""
    return PackMember(path, STORED, zlib.crc32(data), len(data), data)


def local_header(member: PackMember) -> bytes:
    """Return what stands before a member's bytes."""
    name = member.path.encode()
    fields = (_NEEDED, _UTF8, member.method, _TIME, _DATE, member.crc, len(member.raw), member.size)
    return LOCAL.pack(b"PK\x03\x04", *fields, len(name), 0) + name


def directory(members: list[PackMember]) -> bytes:
    """Return what stands behind the last member: the central directory, and its end."""
    found, at = [], 0
    for member in members:
        name = member.path.encode()
        sizes = (member.crc, len(member.raw), member.size, len(name))
        head = (_MADE_BY, _NEEDED, _UTF8, member.method, _TIME, _DATE)
        found.append(CENTRAL.pack(b"PK\x01\x02", *head, *sizes, 0, 0, 0, 0, _MODE, at) + name)
        at += LOCAL.size + len(name) + len(member.raw)
    listed, count = b"".join(found), len(members)
    return listed + END.pack(b"PK\x05\x06", 0, 0, count, count, len(listed), at, 0)


def write(members: list[PackMember]) -> bytes:
    """Return the archive of some members, in this order."""
    return b"".join(
        [*(b"".join((local_header(member), member.raw)) for member in members), directory(members)]
    )
