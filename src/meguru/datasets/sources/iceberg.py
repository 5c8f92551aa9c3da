"""A table of Apache Iceberg: the rows of the files that were added since, or all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from meguru.base.library_errors import reason
from meguru.datasets.position import SourcePosition
from meguru.datasets.sources.base import SourceContext, SourceRead, SourceSink
from meguru.datasets.sources.spec import SourceSpec
from meguru.errors import InvalidInput, MissingDependency, Unreachable, UsageError, masked

if TYPE_CHECKING:
    import polars as pl


class IcebergTableRows:
    """``iceberg://catalog/namespace.orders``: known by the snapshot of the table.

    The catalog is one that pyiceberg knows, by its file ``.pyiceberg.yaml`` or by variables of the server
    (``PYICEBERG_CATALOG__NAME__URI`` …). While files were only added, their rows are what is new; after a
    change of old rows all are read.
    """

    def __init__(self, spec: SourceSpec, context: SourceContext) -> None:
        if spec.query or spec.watermark:
            raise UsageError("a table of Iceberg is read by its snapshots", field="query")
        self._spec = spec
        del context
        self.catalog, _, self.table = spec.address.removeprefix("iceberg://").partition("/")
        if not self.catalog or "." not in self.table:
            raise UsageError(
                "which table of which catalog?", hint="iceberg://CATALOG/NAMESPACE.TABLE", field="files"
            )

    def check(self) -> None:
        """Do nothing: an address that is written well may be there."""

    def read(self, since: SourcePosition | None, sink: SourceSink, key: list[str]) -> SourceRead:
        """Give the rows of what was added, or of everything."""
        del key
        try:
            from pyiceberg import catalog, exceptions
            from pyiceberg.utils.config import Config
        except ImportError as error:
            raise MissingDependency.of("iceberg", "pyiceberg") from error
        missing = (exceptions.NoSuchTableError, exceptions.NoSuchNamespaceError, exceptions.ValidationError)
        try:
            # Looked up each time: what pyiceberg knew when it was imported may have changed.
            told: Any = Config().get_catalog_config(self.catalog) or {}
            table: Any = catalog.load_catalog(self.catalog, **told).load_table(self.table)
            return self._read(table, since, sink)
        except (*missing, ValueError) as error:
            raise InvalidInput(f"{masked(self._spec.address)} can't be read", why=_first(error)) from error
        except OSError as error:
            raise Unreachable(f"{masked(self._spec.address)} can't be read", why=_first(error)) from error
        except Exception as error:
            if not type(error).__module__.startswith("pyiceberg"):
                raise
            raise Unreachable(f"{masked(self._spec.address)} can't be read", why=_first(error)) from error

    def _read(self, table: Any, since: SourcePosition | None, sink: SourceSink) -> SourceRead:
        snapshot = table.current_snapshot()
        if snapshot is None:
            raise InvalidInput(
                f"{masked(self._spec.address)} can't be read", why="it has no rows", field="files"
            )
        mark = f"snapshot {snapshot.snapshot_id}"
        if since is not None and since.mark == mark:
            return SourceRead(position=since, whole=False)
        files = _files(table, snapshot.snapshot_id)
        added = None
        if since is not None:
            added = _added(table, int(since.mark.partition(" ")[2]), files)
        rows = 0
        for frame in _frames(table, list(files.values()) if added is None else added):
            sink.proceed()
            rows += frame.height
            sink.rows(self.table.rpartition(".")[2], frame)
        position = SourcePosition(source=self._spec.identity, mark=mark)
        return SourceRead(position=position, whole=added is None, rows=rows)


def _files(table: Any, snapshot: int) -> dict[str, Any]:
    """Return what is to be read at a snapshot, by the path of each file."""
    return {task.file.file_path: task for task in table.scan(snapshot_id=snapshot).plan_files()}


def _added(table: Any, before: int, files: dict[str, Any]) -> list[Any] | None:
    """Return what was added since a snapshot; None if more was changed, or the snapshot is gone."""
    # Snapshots expire: what was added since one that is gone can't be told.
    if table.snapshot_by_id(before) is None:
        return None
    known = _files(table, before)
    changed = known.keys() - files.keys() or any(task.delete_files for task in files.values())
    return None if changed else [task for path, task in files.items() if path not in known]


def _frames(table: Any, tasks: list[Any]) -> Iterator[pl.DataFrame]:
    import polars as pl
    from pyiceberg.expressions import AlwaysTrue
    from pyiceberg.io.pyarrow import ArrowScan

    scan = ArrowScan(table.metadata, table.io, table.schema(), AlwaysTrue())
    for batch in scan.to_record_batches(tasks):
        yield pl.DataFrame(batch)


def _first(error: Exception) -> str:
    return masked(reason(error))
