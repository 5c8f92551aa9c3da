"""What a version made of a folder's files is written as."""

from __future__ import annotations

from typing import Literal

import msgspec

FileMode = Literal["644", "755"]
Label = Literal["", "folder"]
MAX_FILES = 1_000_000
MAX_PARTS = 100_000
"""Parts of one file: at 256 KiB each, 25 GB."""


class FilePart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where some bytes of a file are: in a blob that holds those of many, its pack.

    `pack` is a place in a list of packs. `digest` is the part's own; empty when it is the whole file.
    """

    pack: int
    offset: int
    size: int
    digest: str = ""


class FolderFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file to register: what it is called in the folder, and its content.

    `mode` tells whether it can be executed (``755``). `parts` are its bytes in their order; None when the
    version before has a file with the same content.
    """

    path: str
    digest: str
    size: int
    mode: FileMode = "644"
    parts: list[FilePart] | None = None


class FileRename(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is called otherwise now; its content is the same."""

    before: str
    after: str


class MediaFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is told by the first bytes of a file; None where it has no such thing, or nobody could tell.

    `width` and `height` are in pixels, as they are stored. `duration` is in seconds, `sample_rate` in Hz.
    """

    media_type: str
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    sample_rate: int | None = None
    pages: int | None = None
    characters: int | None = None
