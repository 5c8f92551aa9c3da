"""What a list of files becomes when some change: the columns of new ones are read off their bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from meguru.base.digests import check_digest
from meguru.datasets.folders import facts, index
from meguru.datasets.folders.names import check_distinct, why_refused
from meguru.datasets.folders.reading import PackReader, PlacedPart
from meguru.datasets.folders.types import MAX_FILES, MAX_PARTS, FolderFile, Label
from meguru.errors import InvalidInput
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl


def changed_list(
    blobs: BlobStore,
    before: pl.DataFrame,
    files: Sequence[FolderFile],
    packs: Sequence[str],
    removed: Sequence[str],
    label: Label,
) -> tuple[pl.DataFrame, set[str]]:
    """Return the next list of files, sorted by path, and the paths of what is new in it.

    Every new content is read here and compared with its digest, whatever the caller says of it.

    Parameters
    ----------
    before
        The list that `files` and `removed` change; empty if there is none.
    packs
        Blobs that the parts of `files` are in.

    Raises
    ------
    InvalidInput
        If a name can't be kept, or bytes are not there or not those that their digest says.
    """
    import polars as pl

    _check(files, packs, removed)
    shape = index.schema(label=bool(label))
    with PackReader(blobs) as reader:
        rows = _Rows(reader, before, packs)
        given = pl.DataFrame([rows.of(number, file) for number, file in enumerate(files)], schema=shape)
    if label:
        given, before = (frame.with_columns(label_of().alias(index.LABEL)) for frame in (given, before))
    touched = set(given["path"].to_list())
    gone = pl.Series("path", [*touched, *removed], dtype=pl.String)
    kept = before.filter(~pl.col("path").is_in(gone.implode())).select(shape.names())
    whole = pl.concat([kept, given]).sort("path")
    if whole.height > MAX_FILES:
        raise InvalidInput(f"{whole.height:,} files are too many", why=f"up to {MAX_FILES:,}", field="files")
    if not whole.height:
        raise InvalidInput("a dataset needs at least one file", field="files")
    check_distinct(whole["path"].to_list())
    return whole, touched


def label_of() -> pl.Expr:
    """Return the name of the folder that a file is in; null for one that is in none."""
    import polars as pl

    return pl.col("path").str.extract(r"([^/]+)/[^/]+$")


def _check(files: Sequence[FolderFile], packs: Sequence[str], removed: Sequence[str]) -> None:
    if len(files) + len(removed) > 2 * MAX_FILES:
        raise InvalidInput(f"more than {MAX_FILES:,} files are too many", field="files")
    for number, digest in enumerate(packs):
        check_digest(digest, field=f"packs[{number}]")
    seen: set[str] = set()
    for number, file in enumerate(files):
        if why := why_refused(file.path):
            raise InvalidInput(f"{file.path[:120]!r} can't be kept", why=why, field=f"files[{number}].path")
        if file.path in seen:
            raise InvalidInput(f"two files are called {file.path!r}", field=f"files[{number}].path")
        seen.add(file.path)
        check_digest(file.digest, field=f"files[{number}].digest")


class _Rows:
    """Makes rows of files: those of known content from rows that are there, others from their bytes."""

    def __init__(self, reader: PackReader, before: pl.DataFrame, packs: Sequence[str]) -> None:
        self._reader, self._before, self._packs = reader, before, packs
        self._known: dict[str, int] = {digest: row for row, digest in enumerate(before["digest"].to_list())}
        self._read: dict[str, dict[str, Any]] = {}

    def of(self, number: int, file: FolderFile) -> dict[str, Any]:
        """Return the row of a file."""
        own = {"path": file.path, "mode": file.mode}
        if file.digest in self._known:
            row = self._before.row(self._known[file.digest], named=True)
            return {name: value for name, value in row.items() if name != index.LABEL} | own
        if file.digest not in self._read:
            self._read[file.digest] = self._new(f"files[{number}]", file)
        return self._read[file.digest] | own

    def _new(self, field: str, file: FolderFile) -> dict[str, Any]:
        parts = self._placed(field, file)
        size = sum(part.size for part in parts)
        # The digest is computed of the bytes that are stored: a client that is wrong, or lies, changes
        # nothing.
        opened, found = self._reader.opened(parts)
        with opened:
            if found != file.digest:
                why = f"they have the digest {found[:12]}…, not {file.digest[:12]}…"
                raise InvalidInput(f"the bytes of {file.path!r} are not those", why=why, field=field)
            media_facts = facts.facts_of(opened, file.path, size)
        stored = [
            {"pack": part.pack, "offset": part.offset, "size": part.size, "digest": given.digest}
            for part, given in zip(parts, file.parts or (), strict=True)
        ]
        return (
            {"size": size, "digest": file.digest}
            | msgspec.structs.asdict(media_facts)
            | {index.PARTS: stored}
        )

    def _placed(self, field: str, file: FolderFile) -> list[PlacedPart]:
        if file.parts is None:
            hint = "upload it, and say where it is: parts"
            raise InvalidInput(
                f"no file of the version before has the content of {file.path!r}", hint=hint, field=field
            )
        if len(file.parts) > MAX_PARTS:
            raise InvalidInput(f"{file.path!r} has more than {MAX_PARTS:,} parts", field=field)
        for part in file.parts:
            if not (0 <= part.pack < len(self._packs) and part.offset >= 0 and part.size > 0):
                raise InvalidInput(f"a part of {file.path!r} is nowhere", field=f"{field}.parts")
            if part.digest:
                check_digest(part.digest, field=f"{field}.parts")
        return [PlacedPart(self._packs[part.pack], part.offset, part.size) for part in file.parts]
