"""The kinds of stores that can be read, one file each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import unquote

from meguru.errors import MeguruError, NotFound, UsageError
from meguru.mlflow.exchange.types import MlflowSource


def open_source(
    where: str, *, on_error: Callable[[MeguruError], None], artifacts: Iterable[Path] = ()
) -> MlflowSource:
    """Open an MLflow store: an ``http…`` server, an ``sqlite:///`` database, or an ``mlruns`` folder.

    Raises
    ------
    UsageError
        If it is none of these.
    NotFound
        If there is nothing at that place.
    """
    if where.startswith(("http://", "https://")):
        from meguru.mlflow.exchange.protocol import Http, MlflowClient
        from meguru.mlflow.exchange.sources.server import ServerSource

        return ServerSource(MlflowClient(Http(where)), on_error=on_error)
    if where.startswith("sqlite:"):
        from meguru.mlflow.exchange.sources.database import DatabaseSource

        return DatabaseSource(Path(where.removeprefix("sqlite:///")), on_error=on_error, artifacts=artifacts)
    if "://" in where and not where.startswith("file:"):
        raise UsageError(
            f"{where[:120]!r} can't be read as an MLflow store",
            hint="name a server (http://…), a database (sqlite:///mlflow.db) or a folder (mlruns)",
        )
    folder = Path(unquote(where.removeprefix("file://"))) if where.startswith("file:") else Path(where)
    if folder.is_file():
        return open_source(f"sqlite:///{folder}", on_error=on_error, artifacts=artifacts)
    if not folder.is_dir():
        raise NotFound(f"there is no folder {str(folder)!r}", where=str(folder))
    from meguru.mlflow.exchange.sources.folder import FolderSource

    return FolderSource(folder, on_error=on_error, artifacts=artifacts)
