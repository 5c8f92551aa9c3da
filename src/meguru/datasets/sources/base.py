"""The interface of sources, and of the sinks that they write to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from meguru.base.source_secrets import Secrets
from meguru.datasets.position import SourcePosition
from meguru.datasets.sources.spec import SourceSpec

if TYPE_CHECKING:
    import polars as pl

Progress = Callable[[int, str], None]
"""Told how many bytes or rows are there by now, and of what."""


class SourceSink(Protocol):
    """Takes what a source gives, piece by piece; it is what bounds the memory."""

    def rows(self, name: str, frame: pl.DataFrame) -> None:
        """Take some rows; those of one name become one table, in as few files as memory allows."""
        ...

    def file(self, path: str, file: Path) -> None:
        """Take a file over as it is, under its place in the dataset."""
        ...

    def keep(self, path: str) -> None:
        """Say that a file which the version before has is still the same."""
        ...

    def progress(self, done: int, what: str) -> None:
        """Tell how many bytes or rows are there by now."""
        ...

    def proceed(self) -> None:
        """Raise if the read is to end here."""
        ...

    def scratch(self) -> Path:
        """Return an empty folder for what is not whole yet; it goes away at the end of the read."""
        ...


class SourceContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a read may use.

    Attributes
    ----------
    secrets
        Puts in what references to secrets stand for.
    place
        Gives the file or folder that a text names (and the field that it stands in), or refuses it.
    hosts
        Which private addresses may be asked over HTTP: names of hosts; ``*`` for all.
    known
        The files that the newest version has.
    blob
        Gives the bytes of a blob that a position names; `put` stores some, and gives their digest.
    """

    secrets: Secrets
    blob: Callable[[str], bytes]
    put: Callable[[bytes], str]
    place: Callable[[str, str], Path]
    hosts: list[str] = []
    known: frozenset[str] = frozenset()


class SourceRead(msgspec.Struct, frozen=True, kw_only=True):
    """What one read found.

    `whole` tells that what was given is all that the source has; otherwise it is what came since the
    position. `rows` counts what was looked at, also what was known already. `gone` are files that the source
    has no more. `shrunk` says in words how the source lost what it had.
    """

    position: SourcePosition | None
    whole: bool
    rows: int = 0
    gone: list[str] = []
    shrunk: str = ""


class RowSource(Protocol):
    """An address that was understood; it reads only, and holds nothing open afterwards."""

    def __init__(self, spec: SourceSpec, context: SourceContext) -> None: ...

    def check(self) -> None:
        """Refuse what could never be read, without asking anybody."""
        ...

    def read(self, since: SourcePosition | None, sink: SourceSink, key: list[str]) -> SourceRead:
        """Give what came since a position (None: everything) to a sink; the same content, the same bytes.

        Raises
        ------
        InvalidInput
            If it holds nothing that can be read: reading it again would end alike.
        Unreachable
            If it did not answer, or broke off in the middle: nothing of it counts then.
        """
        ...
