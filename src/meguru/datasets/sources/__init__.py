"""Where the rows of a dataset come from: a file each kind of address."""

from __future__ import annotations

import re
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from meguru.base.source_secrets import Secrets
from meguru.datasets.sources.base import Progress, RowSource, SourceContext
from meguru.datasets.sources.spec import SourceSpec
from meguru.errors import UsageError, masked, near_misses

if TYPE_CHECKING:
    # Every command loads the kind of datasets, and with it this package: what reads is loaded to read.
    from meguru.kernel.workspace import Workspace
    from meguru.storage.blobs import BlobStore

__all__ = ["Progress", "SourceSpec", "check_declared", "fetch", "is_address", "source_of"]

PYTHON = re.compile(r"[^*?]+\.py:[A-Za-z_]\w*")
SCHEMES = {
    "python": "generator:GeneratorRows",
    "file": "files:LocalFiles",
    "http": "http:HttpFile",
    "https": "http:HttpFile",
    "s3": "objects:Objects",
    "gs": "objects:Objects",
    "az": "objects:Objects",
    "abfs": "objects:Objects",
    "sqlite": "sql:SqlRows",
    "postgresql": "sql:SqlRows",
    "postgres": "sql:SqlRows",
    "duckdb": "duckdb:DuckdbRows",
    "delta": "delta:DeltaTableRows",
    "iceberg": "iceberg:IcebergTableRows",
    **dict.fromkeys(
        ("adbc", "connectorx", "mysql", "mssql", "oracle", "redshift", "clickhouse", "bigquery"),
        "arrow_database:ArrowRows",
    ),
}


def is_address(given: str | Path) -> bool:
    """Tell whether something to add is an address, not a path."""
    return "://" in str(given) and not Path(given).exists()


def source_of(spec: SourceSpec, context: SourceContext) -> RowSource:
    """Return what reads an address.

    Raises
    ------
    UsageError
        If nobody knows its kind, or it is not written as its kind has it.
    """
    scheme = urlsplit(spec.address).scheme.partition("+")[0] if "://" in spec.address else "file"
    if scheme == "file" and PYTHON.fullmatch(spec.address):
        scheme = "python"
    if scheme not in SCHEMES:
        close = near_misses(scheme, list(SCHEMES))
        hint = f"did you mean {close[0]}://?" if close else f"addresses begin with {', '.join(SCHEMES)}"
        raise UsageError(f"{masked(spec.address)!r} can't be read from", hint=hint, field="files")
    # Loaded when it is read from: drivers are heavy, and every command loads this package.
    module, _, name = SCHEMES[scheme].partition(":")
    kind: type[RowSource] = getattr(import_module(f"{__name__}.{module}"), name)
    return kind(spec, context)


def check_declared(ws: Workspace, spec: SourceSpec) -> None:
    """Refuse an address that nobody could read, with secrets in clear, or of a place that may not be read."""
    from meguru.datasets.sources.allowed_paths import resolved_path

    secrets = Secrets()
    secrets.check_url(spec.address, "source.from")
    secrets.check_url(spec.query, "source.query")
    context = SourceContext(
        secrets=secrets, blob=ws.blobs.get_bytes, put=ws.blobs.put_bytes, place=partial(resolved_path, ws)
    )
    source_of(spec, context).check()


def fetch(
    blobs: BlobStore,
    address: str,
    folder: Path,
    *,
    query: str = "",
    progress: Progress | None = None,
) -> dict[str, Path]:
    """Bring all that an address means into files, once, for whoever reads in their own process.

    Parameters
    ----------
    address
        ``https://…/x.csv``, ``s3://bucket/prefix/``, ``s3://bucket/dt=*/*.parquet``,
        ``sqlite:///shop.db#orders``, ``postgresql://user@host/db#orders``. Credentials come from the
        environment where they can; a password is named: ``${env:NAME}``.
    folder
        An empty folder, on a disk with room for it.
    query
        What is read from a database, instead of a table.
    progress
        Is told how many bytes or rows are there by now.

    Raises
    ------
    UsageError
        If nobody knows the scheme, or the address is none.
    InvalidInput
        If it holds nothing that can be read.
    Unreachable
        If it did not answer.
    """
    from meguru.datasets.sources.chunks import FileSink
    from meguru.storage.db.external import anywhere

    context = SourceContext(
        secrets=Secrets(own=True), blob=blobs.get_bytes, put=blobs.put_bytes, place=anywhere, hosts=["*"]
    )
    context.secrets.check_url(address, "files")
    sink = FileSink(folder, progress=progress)
    source_of(SourceSpec(address=address, query=query), context).read(None, sink, [])
    return sink.close()
