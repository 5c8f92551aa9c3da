"""A table of Delta Lake: the rows of the files that were added since, or all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from meguru.base.library_errors import reason
from meguru.datasets.position import SourcePosition
from meguru.datasets.sources.base import SourceContext, SourceRead, SourceSink
from meguru.datasets.sources.spec import SourceSpec
from meguru.errors import InvalidInput, MissingDependency, Unreachable, UsageError, masked
from meguru.storage.blobs.objects import connection_options

if TYPE_CHECKING:
    import polars as pl

BATCH = 100_000
_STORES = {"s3", "gs", "az", "abfs"}


class DeltaTableRows:
    """``delta:///tables/orders``, ``delta+s3://bucket/orders``: known by the version of the table.

    While files were only added, their rows are what is new; after a change of old rows all are read, and the
    dataset's version is the table's. Credentials of buckets come from the environment.
    """

    def __init__(self, spec: SourceSpec, context: SourceContext) -> None:
        if spec.query or spec.watermark:
            raise UsageError("a table of Delta Lake is read by its versions", field="query")
        self._spec, self._context = spec, context
        self._where = spec.address.removeprefix("delta+").removeprefix("delta://")
        self._store = urlsplit(self._where).scheme

    def check(self) -> None:
        """Refuse a place that may not be read."""
        if self._store and self._store not in _STORES:
            known = ", ".join(f"delta+{each}://" for each in sorted(_STORES))
            raise UsageError(
                f"{self._store!r} is no store", hint=f"delta:///PATH, {known}", field="source.from"
            )
        self._uri()

    def read(self, since: SourcePosition | None, sink: SourceSink, key: list[str]) -> SourceRead:
        """Give the rows of what was added, or of everything."""
        del key
        try:
            import deltalake
        except ImportError as error:
            raise MissingDependency.of("delta", "deltalake") from error
        try:
            table = deltalake.DeltaTable(self._uri(), storage_options=self._options())
            name = Path(self._where.rstrip("/")).name or "rows"
            return self._read(table, since, sink, name)
        except deltalake.exceptions.TableNotFoundError as error:
            raise InvalidInput(
                f"{masked(self._spec.address)} is no table of Delta Lake", why=reason(error)
            ) from None
        except (deltalake.exceptions.DeltaError, OSError) as error:
            why = reason(error)
            raise Unreachable(f"{masked(self._spec.address)} can't be read", why=why) from error

    def _read(self, table: Any, since: SourcePosition | None, sink: SourceSink, name: str) -> SourceRead:
        position = SourcePosition(source=self._spec.identity, mark=f"version {table.version()}")
        before = int(since.mark.partition(" ")[2]) if since else -1
        if since and table.version() == before:
            return SourceRead(position=since, whole=False)
        shrunk = ""
        if since and table.version() < before:
            shrunk = f"it was at version {before}, and is at {table.version()}"
        added = self._added(table, before) if since and not shrunk else None
        rows = 0
        for frame in _all(table) if added is None else self._of_files(table, added, sink):
            sink.proceed()
            rows += frame.height
            sink.rows(name, frame)
        if not rows and added is None:
            raise InvalidInput(
                f"{masked(self._spec.address)} can't be read", why="it has no rows", field="files"
            )
        return SourceRead(position=position, whole=added is None, rows=rows, shrunk=shrunk)

    def _added(self, table: Any, before: int) -> list[dict[str, Any]] | None:
        """Return the files that were added since a version; None if more was changed, or it is gone."""
        import polars as pl
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError

        try:
            old = DeltaTable(self._uri(), version=before, storage_options=self._options())
        except DeltaError:  # cleaned away
            return None
        known = {row["path"] for row in pl.DataFrame(old.get_add_actions(flatten=True)).iter_rows(named=True)}
        files = list(pl.DataFrame(table.get_add_actions(flatten=True)).iter_rows(named=True))
        changed = known - {row["path"] for row in files}
        # Anything but pure additions (a file that went, deleted rows, another schema) has everything read
        # again.
        plain = not pl.DataFrame(table.deletion_vectors()).height and table.schema() == old.schema()
        return [row for row in files if row["path"] not in known] if plain and not changed else None

    def _of_files(self, table: Any, added: list[dict[str, Any]], sink: SourceSink) -> Iterator[pl.DataFrame]:
        import polars as pl

        names = [field.name for field in table.schema().fields]
        for row in added:
            place = self._local(str(row["path"]), sink)
            parts = {name: row[f"partition.{name}"] for name in names if f"partition.{name}" in row}
            scan = pl.scan_parquet(place, hive_partitioning=False).with_columns(
                **{name: pl.lit(value) for name, value in parts.items()}
            )
            there = set(scan.collect_schema().names())
            missing = [pl.lit(None).alias(name) for name in names if name not in there]
            yield from scan.with_columns(missing).select(names).collect_batches(chunk_size=BATCH)

    def _local(self, path: str, sink: SourceSink) -> Path:
        """Return where a file of the table is, brought here if it is in a bucket."""
        if not self._store:
            root = Path(self._uri()).resolve()
            place = (root / unquote(path)).resolve()
            if not place.is_relative_to(root):  # whoever writes the log names any file of the server else
                what = f"{masked(self._spec.address)} can't be read"
                raise InvalidInput(what, why=f"{path[:200]!r} is outside of the table", field="files")
            return place
        import obstore
        from obstore.store import from_url

        place = sink.scratch() / "part.parquet"
        store: Any = from_url(self._where, **connection_options(self._where))
        with place.open("wb") as file:
            for chunk in obstore.get(store, unquote(path)).stream():
                file.write(chunk)
        return place

    def _uri(self) -> str:
        if self._store:
            return self._where
        return str(self._context.place(self._where.removeprefix("/"), "source.from"))

    def _options(self) -> dict[str, str]:
        options: dict[str, Any] = connection_options(self._where) if self._store else {}
        found = dict(options.get("config", {}))
        if options.get("client_options", {}).get("allow_http"):
            found["allow_http"] = "true"
        if self._store:
            found["timeout"] = f"{self._spec.seconds:.0f}s"
        return found


def _all(table: Any) -> Iterator[pl.DataFrame]:
    import polars as pl
    from deltalake import QueryBuilder

    names = ", ".join('"' + field.name.replace('"', '""') + '"' for field in table.schema().fields)
    for batch in QueryBuilder().register("source", table).execute(f"SELECT {names} FROM source"):  # noqa: S608 - its own columns
        yield pl.DataFrame(batch)
