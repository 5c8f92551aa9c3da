"""Datasets from Python: add files, read rows; the same on a local workspace and on a server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol

from meguru.base.paths import check_path
from meguru.datasets import paths as naming
from meguru.datasets.folders.client import add_folder
from meguru.datasets.folders.detect import is_folder
from meguru.datasets.folders.locations import open_folder
from meguru.datasets.frames import frame_of
from meguru.datasets.personal.masking import look
from meguru.datasets.register import register
from meguru.datasets.show import show
from meguru.datasets.sources import Progress, fetch, is_address
from meguru.datasets.types import (
    Checks,
    ColumnSpec,
    DatasetVersion,
    FileEntry,
    Format,
    Mode,
    ReadOptions,
    SchemaPolicy,
)
from meguru.errors import InvalidInput, UsageError, masked
from meguru.kernel.operations import Door
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl

    from meguru.datasets.ingest.meter import Meter


class DatasetDoor(Door, Protocol):
    """A workspace, here or on a server."""

    @property
    def is_remote(self) -> bool:
        """Whether a server has it."""
        ...

    @property
    def blobs(self) -> BlobStore:
        """The place's blobs."""
        ...


def add_files(
    ws: DatasetDoor,
    name: str,
    files: Iterable[str | Path] | str | Path,
    *,
    mode: Mode = "replace",
    format: Format | None = None,
    schema_policy: SchemaPolicy = "strict",
    event_time: str = "",
    checks: Checks | None = None,
    expect: Any = None,
    key: list[str] | None = None,
    read: ReadOptions | None = None,
    columns: dict[str, ColumnSpec] | None = None,
    query: str = "",
    progress: Progress | None = None,
    meter: Meter | None = None,
    note: str = "",
    follows: str = "",
) -> DatasetVersion:
    """Register files or folders as the next version of a dataset, or of a branch; to a server they are sent.

    ``flights@trial`` names the branch `trial` of `flights`. Besides paths there may be addresses
    (``https://``, ``s3://``, ``sqlite:///shop.db#orders``; see `sources.fetch`). A folder without any table,
    or with ``format="files"``, is kept file by file: see `folders.client.add_folder`. `query` is what is read
    from a database; `columns` says which are personal, and how they are treated. `progress` is told how many
    bytes or rows came, `meter` how far files are read. `expect` may be a schema of pandera.

    Raises
    ------
    InvalidInput
        If a file is missing, empty or unreadable, or the schema changed; nothing is registered.
    Conflict
        If there is a newer version than it `follows`, or rows are appended whose key is there already.
    """
    given = [files] if isinstance(files, str | Path) else list(files)
    if is_folder(given, format):
        place = open_folder(given[0])
        return add_folder(ws, name, place, append=mode == "append", checks=checks, note=note).version
    name, _, branch = name.partition("@")
    with TemporaryDirectory(prefix="meguru-data-") as folder:
        _check_names(found := _resolved_files(ws, given, Path(folder), query, progress), format)
        with staged_files(ws, found, meter) as entries:
            return register(
                ws,
                name=name,
                files=entries,
                mode=mode,
                format=format,
                schema_policy=schema_policy,
                event_time=event_time,
                checks=checks,
                expect=_declared(expect),
                key=key,
                read=read,
                columns=columns,
                note=note,
                branch=branch,
                follows=follows,
            )


def _declared(expect: Any) -> list[dict[str, Any]] | None:
    if expect is None or isinstance(expect, list):
        return expect
    from meguru.datasets.expectations.pandera import expectations_of_schema

    return expectations_of_schema(expect)


def _check_names(names: Iterable[str], format: Format | None) -> None:
    for name in names:
        check_path(name, field="files")
        if format is None:
            naming.format_of(name, field="files")


@contextmanager
def staged_files(
    ws: DatasetDoor, files: Mapping[str, Path], meter: Meter | None = None
) -> Iterator[list[FileEntry]]:
    """Let files be registered: here they are read from where they are, to a server they are uploaded."""
    if not ws.is_remote:
        from meguru.datasets.ingest.local_files import local_files

        with local_files(files, meter) as entries:
            yield entries
        return
    yield [
        FileEntry(path=path, digest=ws.blobs.put_file(file), size=file.stat().st_size)
        for path, file in files.items()
    ]


def _resolved_files(
    ws: DatasetDoor, given: list[str | Path], folder: Path, query: str, progress: Progress | None
) -> dict[str, Path]:
    """Return the files that are meant, by name; those behind addresses are brought into a folder."""
    addresses = [str(each) for each in given if is_address(each)]
    if query and not addresses:
        raise UsageError("a query is asked of a database", hint="name one: sqlite:///shop.db", field="query")
    paths = [each for each in given if not is_address(each)]
    found = dict(naming.expand(paths)) if paths or not addresses else {}
    for number, address in enumerate(addresses):
        (place := folder / str(number)).mkdir()
        for path, file in fetch(ws.blobs, address, place, query=query, progress=progress).items():
            if path in found:
                raise InvalidInput(f"two files are called {path!r}", where=masked(address), field="files")
            found[path] = file
    return dict(sorted(found.items()))


def version_of(ws: DatasetDoor, ref: str, clear: str = "") -> DatasetVersion:
    """Return a version to be read: its personal columns are masked, unless `clear` says what they are for."""
    return look(ws, ref=ref, reason=clear) if clear else show(ws, ref=ref)


def frame(ws: DatasetDoor, ref: str, *, clear: str = "") -> pl.DataFrame:
    """Read the rows of a version: ``flights``, ``flights@latest``, ``flights@3``.

    Personal columns are masked, unless `clear` says what they are needed for: that is written down, and
    needs the right to see them (``dataset:clear``).
    """
    return frame_of(ws.blobs, version_of(ws, ref, clear))
