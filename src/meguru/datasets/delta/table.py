"""Bring a dataset's Delta table up to its newest version: version 3 of the table is version 3 of the dataset.

The table is a mirror. Its data files are links to blobs, it can be removed and made again at any time, and
whoever makes it writes the same. Numbers of versions that are on a branch, or were removed before they came
here, change nothing in it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import polars as pl
from sqlalchemy import Connection

from meguru.base import digests
from meguru.datasets import store
from meguru.datasets.delta import log
from meguru.datasets.delta.log import TableFile, TableState
from meguru.datasets.delta.storage import TableStorage, storage_of
from meguru.datasets.delta.types import schema_of, type_in_table
from meguru.datasets.manifest import load_manifest
from meguru.datasets.polars_types import TYPES
from meguru.datasets.types import DataFile, DatasetVersion, Manifest
from meguru.datasets.versions.deleted import vector_name
from meguru.datasets.versions.scan import file_scan, format_of
from meguru.errors import Conflict
from meguru.storage.blobs import BlobStore

_PAGE = 200


class TableMirror:
    """A dataset's table, and what writing it cost.

    Parameters
    ----------
    blobs
        The workspace's blobs, which are here.
    name
        The dataset.
    """

    def __init__(self, blobs: BlobStore, name: str) -> None:
        self.blobs, self.name = blobs, name
        self.place: TableStorage = storage_of(blobs, name)
        self.copied = 0

    def update(self, tx: Connection, until: int) -> None:
        """Write the versions that the table lacks, up to one of them.

        Raises
        ------
        Conflict
            If somebody else wrote into the table.
        """
        # The log itself says how far it is: no state beside it can disagree with it.
        there = self.place.commits()
        last = there[-1] if there else -1
        if last >= until:
            return
        state = self._state(there)
        versions = {
            dataset_version.version: dataset_version for dataset_version in self._versions(tx, last, until)
        }
        numbers = sorted(versions)
        for number in range(last + 1, until + 1):
            version = versions.get(number)
            if version is None or version.remote_environment:
                at = versions[numbers[bisect_left(numbers, number)]].created_at
                # Delta has no gaps in its versions: numbers of branches and of removed versions are commits
                # without a change.
                self.place.write(log.log_name(number), log.empty(at, number))
            else:
                state = self._write(state, version)

    def _versions(self, tx: Connection, after: int, until: int) -> list[DatasetVersion]:
        versions: list[DatasetVersion] = []
        before = until + 1
        while page := store.versions(tx, self.name, before=before, limit=_PAGE):
            versions += [dataset_version for dataset_version in page if dataset_version.version > after]
            before = page[-1].version
            if before <= after:
                break
        return versions

    def _state(self, there: Sequence[int]) -> TableState | None:
        for number in reversed(there):
            try:
                state = log.state_in(self.place.read(log.log_name(number)))
            except (ValueError, msgspec.MsgspecError) as error:
                raise Conflict(
                    f"the table of {self.name!r} was written by somebody else",
                    where=self.place.uri,
                    why=f"its version {number} is none of the dataset's",
                    hint="it is a mirror: write to the dataset, and make the table again with --rebuild",
                ) from error
            if state is not None:
                return state
        return None

    def _write(self, before: TableState | None, version: DatasetVersion) -> TableState:
        manifest = load_manifest(self.blobs, version)
        columns = self._columns(manifest)
        files = self._files(manifest, columns)
        state = TableState(
            version=version.version,
            digest=version.digest,
            schema=digests.of_bytes(schema_of(columns).encode()),
            features=log.features_of(columns, files, before.features if before else []),
            files=files,
        )
        body = log.commit(before, state, columns, version.created_at, self.name)
        self.place.write(log.log_name(version.version), body)
        return state

    def _columns(self, manifest: Manifest) -> dict[str, pl.DataType]:
        """Return the types that the version's columns have in the table."""
        found: dict[str, pl.DataType] = {}
        for column in manifest.columns:
            dtype = pl.Null() if column.type == "Null" else TYPES.get(column.type)
            if dtype is None:
                dtype = self._dtype_in_files(manifest, column.name)
            found[column.name] = type_in_table(dtype() if isinstance(dtype, type) else dtype, column.name)
        return found

    def _dtype_in_files(self, manifest: Manifest, column: str) -> pl.DataType:
        for file in manifest.files:
            if any(
                dataset_column.name == column and dataset_column.type != "Null"
                for dataset_column in file.columns
            ):
                return file_scan(self.blobs, manifest, file).collect_schema()[column]
        return pl.Null()

    def _files(self, manifest: Manifest, columns: dict[str, pl.DataType]) -> list[TableFile]:
        seen: Counter[str] = Counter()
        found = []
        for file in manifest.files:
            seen[file.digest] += 1
            again = f"-{seen[file.digest]}" if seen[file.digest] > 1 else ""
            if self._is_so(manifest, file, columns):
                found.append(self._linked(file, again))
            elif file.live:
                found.append(self._made(manifest, file, columns, again))
        return found

    def _is_so(self, manifest: Manifest, file: DataFile, columns: dict[str, pl.DataType]) -> bool:
        """Tell whether a file is already what the table wants."""
        if format_of(manifest, file) != "parquet":
            return False
        schema = pl.read_parquet_schema(self.blobs.path(file.digest))
        return all(name in columns and columns[name] == dtype for name, dtype in schema.items())

    def _linked(self, file: DataFile, again: str) -> TableFile:
        name = f"{file.digest}{again}.parquet"
        self.copied += self.place.link(name, file.digest)
        if file.deleted:
            self.copied += self.place.link(vector_name(file.deleted), file.deleted)
        return TableFile(
            name=name,
            size=file.size,
            rows=file.rows,
            deleted=file.deleted,
            deleted_bytes=self.blobs.size(file.deleted) if file.deleted else 0,
            deleted_rows=file.deleted_rows,
        )

    def _made(
        self, manifest: Manifest, file: DataFile, columns: dict[str, pl.DataType], again: str
    ) -> TableFile:
        """Write a file anew in the table's types, as one of CSV or of an older schema."""
        # The name says what is in it, so whoever writes it anew writes the same.
        what = digests.of_value([file.digest, file.deleted, schema_of(columns), file.dialect])
        name = f"made-{file.digest}-{what[:16]}{again}.parquet"
        with TemporaryDirectory(prefix="meguru-table-") as folder:
            path = Path(folder) / "rows.parquet"
            rows = file_scan(self.blobs, manifest, file)
            rows = rows.select(pl.col(each).cast(dtype) for each, dtype in columns.items())
            rows.sink_parquet(path, compression="zstd", compression_level=1)
            size = path.stat().st_size
            self.place.add(name, path)
        self.copied += size
        return TableFile(name=name, size=size, rows=file.live)
