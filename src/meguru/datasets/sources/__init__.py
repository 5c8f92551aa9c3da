"""Where files of a dataset come from: a file each scheme of address."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

from meguru.datasets.sources.base import Fetched, FileSource, Progress
from meguru.errors import UsageError, masked, near_misses

__all__ = ["Fetched", "FileSource", "Progress", "fetch", "is_address"]

SCHEMES = {
    "http": "meguru.datasets.sources.http:HttpFile",
    "https": "meguru.datasets.sources.http:HttpFile",
    "s3": "meguru.datasets.sources.objects:Objects",
    "gs": "meguru.datasets.sources.objects:Objects",
    "az": "meguru.datasets.sources.objects:Objects",
    "abfs": "meguru.datasets.sources.objects:Objects",
    "sqlite": "meguru.datasets.sources.sql:SqlRows",
    "postgresql": "meguru.datasets.sources.sql:SqlRows",
    "postgres": "meguru.datasets.sources.sql:SqlRows",
}


def is_address(given: str | Path) -> bool:
    """Tell whether something to add is an address, not a path."""
    return "://" in str(given) and not Path(given).exists()


def fetch(address: str, folder: Path, *, query: str = "", progress: Progress | None = None) -> list[Fetched]:
    """Bring what an address means into files of a folder.

    Parameters
    ----------
    address
        ``https://…/x.csv``, ``s3://bucket/prefix/``, ``s3://bucket/dt=*/*.parquet``, ``sqlite:///shop.db#orders``,
        ``postgresql://user@host/db#orders``. Credentials come from the environment where they can.
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
        If it can't be reached, or holds nothing.
    """
    scheme = urlsplit(address).scheme.partition("+")[0]
    if scheme not in SCHEMES:
        close = near_misses(scheme, list(SCHEMES))
        hint = f"did you mean {close[0]}://?" if close else f"addresses begin with {', '.join(SCHEMES)}"
        raise UsageError(f"{masked(address)!r} can't be read from", hint=hint, field="files")
    module, _, name = SCHEMES[scheme].partition(":")
    source: FileSource = getattr(import_module(module), name)(address, query)
    return source.fetch(folder, progress or (lambda _done, _what: None))
