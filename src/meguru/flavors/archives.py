"""Untrusted zip files: the directory is checked (names, overlaps, zip bombs) before a byte is unpacked."""

from __future__ import annotations

import io
import itertools
import re
import zipfile
import zlib

from meguru.errors import TooLarge, UnsafeModel

MAX_BYTES = 4 << 30
"""A model file may unpack to this many bytes, no more."""
MAX_ENTRIES = 20_000
MAX_RATIO = 200
"""What is packed more tightly than this is a bomb: weights hardly pack at all."""
_SMALL = 1 << 20
_PACKED = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_NAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_./-]{0,199}")
_ENCRYPTED = 0x1


def read_archive(data: bytes, where: str = "") -> dict[str, bytes]:
    """Return every entry of a zip by its name.

    Raises
    ------
    UnsafeModel
        When it is no zip, or one that no honest writer makes: a name twice or leading out of the archive,
        entries that overlap, are encrypted, or unpack to other than they say.
    TooLarge
        When it unpacks to more than `MAX_BYTES`, or is packed more tightly than `MAX_RATIO`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _check(entries, where)
            return {entry.filename: _content(archive, entry, where) for entry in entries}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise malformed(where, f"it is no zip that can be read ({error})") from error


def malformed(where: str, why: str) -> UnsafeModel:
    """Return the error of a file that no honest writer makes."""
    return UnsafeModel("the model file is malformed, so it is not loaded", where=where, why=why[:300])


def _check(entries: list[zipfile.ZipInfo], where: str) -> None:
    if len(entries) > MAX_ENTRIES:
        raise TooLarge("the model file has too many entries", where=where, why=f"{MAX_ENTRIES:,} are allowed")
    names = [entry.filename for entry in entries]
    # Two readers may take different ones of two entries of one name (also by case): one would be checked, the
    # other loaded.
    if len({name.lower() for name in names}) != len(names):
        raise malformed(where, "a name stands in it twice")
    for entry in entries:
        parts = entry.orig_filename.split("/")
        # orig_filename is what stands in the file; zipfile cuts filename at a NUL byte and turns separators.
        if not _NAME.fullmatch(entry.orig_filename) or ".." in parts or entry.filename != entry.orig_filename:
            raise malformed(where, f"it has an entry called {entry.orig_filename[:80]!r}")
        if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _PACKED:
            raise malformed(where, f"{entry.filename} is encrypted, or packed in an unusual way")
    _check_sizes(entries, where)


def _check_sizes(entries: list[zipfile.ZipInfo], where: str) -> None:
    if sum(entry.file_size for entry in entries) > MAX_BYTES:
        raise TooLarge(
            "the model file unpacks to too much", where=where, why=f"{MAX_BYTES:,} bytes are allowed"
        )
    for entry in entries:
        if entry.file_size > max(_SMALL, entry.compress_size * MAX_RATIO):
            why = f"{entry.filename} unpacks {entry.compress_size:,} bytes to {entry.file_size:,}"
            raise TooLarge("the model file is packed like a bomb", where=where, why=why)
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    for before, after in itertools.pairwise(ordered):
        # Entries that overlap unpack the same bytes many times (Fifield, A better zip bomb, 2019).
        if before.header_offset + before.compress_size >= after.header_offset:
            raise malformed(where, f"{before.filename} and {after.filename} overlap")


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, where: str) -> bytes:
    with archive.open(entry) as member:
        # The size in the directory is a claim: read one byte more than that, and see whether there is one.
        content = member.read(entry.file_size + 1)
        more = member.read(1)
    if len(content) != entry.file_size or more:
        raise malformed(where, f"{entry.filename} is not as long as it says")
    return content
