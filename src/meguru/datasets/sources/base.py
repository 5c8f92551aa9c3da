"""What a source of files promises."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

Progress = Callable[[int, str], None]
"""Told how many bytes or rows are there by now, and of what."""


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """One file that was brought: its name in the dataset, and where it is now."""

    path: str
    file: Path


class FileSource(Protocol):
    """An address that was understood; it reads only, and holds nothing open afterwards."""

    def fetch(self, folder: Path, progress: Progress) -> list[Fetched]:
        """Bring its files into a folder; the same content gives the same bytes.

        Raises
        ------
        InvalidInput
            If it can't be reached, or holds nothing.
        """
        ...
