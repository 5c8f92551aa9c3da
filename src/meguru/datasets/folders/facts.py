"""Media facts of a file: type, size of an image, duration of a sound, pages of a document."""

from __future__ import annotations

import mimetypes
import struct
import threading
import wave
from typing import IO, BinaryIO, cast

from meguru.datasets.folders.types import MediaFacts

HEAD = 1 << 10
MAX_TEXT_BYTES = 8 << 20
"""Characters are counted in texts of up to so many bytes."""
MAX_DOCUMENT_BYTES = 64 << 20
_one_document = threading.Lock()
"""PDFium is not made for many threads."""
_DAMAGED = (OSError, ValueError, KeyError, IndexError, OverflowError, EOFError, struct.error)
_MAGIC: tuple[tuple[bytes, int, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF87a", 0, "image/gif"),
    (b"GIF89a", 0, "image/gif"),
    (b"BM", 0, "image/bmp"),
    (b"II*\0", 0, "image/tiff"),
    (b"MM\0*", 0, "image/tiff"),
    (b"WEBP", 8, "image/webp"),
    (b"WAVE", 8, "audio/wav"),
    (b"OggS", 0, "audio/ogg"),
    (b"fLaC", 0, "audio/flac"),
    (b"ID3", 0, "audio/mpeg"),
    (b"ftypavif", 4, "image/avif"),
    (b"ftyp", 4, "video/mp4"),
    (b"%PDF-", 0, "application/pdf"),
    (b"PK\x03\x04", 0, "application/zip"),
)
_OFFICE = {".docx", ".xlsx", ".pptx", ".odt", ".ods", ".epub", ".npz", ".jar"}
IMAGES = {"image/png", "image/jpeg", "image/gif", "image/bmp", "image/tiff", "image/webp"}
"""Images whose pixels are looked at; others, as SVG, are files like any."""


def facts_of(file: IO[bytes], path: str, size: int) -> MediaFacts:
    """Look at a file, from its beginning; what is damaged has no size and no duration, and is no error."""
    head = file.read(HEAD)
    kind = media_type(head, path)
    if kind in IMAGES:
        width, height = _pixels(file)
        return MediaFacts(media_type=kind, width=width, height=height)
    if kind == "audio/wav":
        return _wave(file, kind)
    if kind.startswith("audio/"):
        return _sound(file, kind, path)
    if kind == "application/pdf" and size <= MAX_DOCUMENT_BYTES:
        return MediaFacts(media_type=kind, pages=_pages(file))
    if kind.startswith("text/") and size <= MAX_TEXT_BYTES:
        return MediaFacts(media_type=kind, characters=_characters(head + file.read()))
    return MediaFacts(media_type=kind)


def media_type(head: bytes, path: str) -> str:
    """Tell what a file is: by its first bytes, else by its name; ``application/octet-stream`` if by neither.

    A name that claims to be an image does not make one.
    """
    named = mimetypes.guess_type(path, strict=False)[0] or ""
    for magic, offset, kind in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            suffix = path[path.rfind(".") :].lower()
            return named if kind == "application/zip" and suffix in _OFFICE and named else kind
    if b"\0" in head:
        return named if named and not named.startswith(("text/", "image/")) else "application/octet-stream"
    return named if named and named not in IMAGES else "text/plain" if head else "application/x-empty"


def _pixels(file: IO[bytes]) -> tuple[int | None, int | None]:
    """Return width and height as the header says; no pixel is decoded."""
    try:
        from PIL import Image
    except ImportError:
        return None, None
    try:
        file.seek(0)
        with Image.open(file) as image:
            return image.width, image.height
    except (OSError, ValueError, SyntaxError, EOFError, OverflowError, Image.DecompressionBombError):
        return None, None


def _wave(file: IO[bytes], kind: str) -> MediaFacts:
    try:
        file.seek(0)
        with wave.open(file, "rb") as sound:
            rate = sound.getframerate()
            seconds = sound.getnframes() / rate if rate else None
            return MediaFacts(media_type=kind, duration=seconds, sample_rate=rate or None)
    except (wave.Error, EOFError, OSError, ValueError):
        return MediaFacts(media_type=kind)


def _sound(file: IO[bytes], kind: str, path: str) -> MediaFacts:
    try:
        from tinytag import TinyTag, TinyTagException
    except ImportError:
        return MediaFacts(media_type=kind)
    try:
        file.seek(0)
        found = TinyTag.get(filename=path, file_obj=cast("BinaryIO", file), tags=False)
    except (TinyTagException, *_DAMAGED):
        return MediaFacts(media_type=kind)
    rate = found.samplerate or None
    return MediaFacts(media_type=kind, duration=found.duration or None, sample_rate=rate)


def _pages(file: IO[bytes]) -> int | None:
    try:
        from pypdfium2 import PdfDocument, PdfiumError
    except ImportError:
        return None
    file.seek(0)
    # PDFium keeps state for the whole process and is not thread-safe.
    with _one_document:
        try:
            document = PdfDocument(file.read())
        except PdfiumError:  # it is damaged, or needs a password
            return None
        try:
            return len(document)
        finally:
            document.close()


def _characters(data: bytes) -> int | None:
    try:
        return len(data.decode())
    except UnicodeDecodeError:
        return None
