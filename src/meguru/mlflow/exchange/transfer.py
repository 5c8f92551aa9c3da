"""Import a store of MLflow into a workspace, and export a workspace to one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

from meguru.errors import UsageError
from meguru.kernel.remote import RemoteWorkspace
from meguru.kernel.workspace import Workspace
from meguru.mlflow.exchange.importer import MlflowImporter
from meguru.mlflow.exchange.protocol import Http, InProcess, MlflowClient
from meguru.mlflow.exchange.report import ReportBuilder, TransferReport
from meguru.mlflow.exchange.sources import open_source
from meguru.mlflow.exchange.sources.server import ServerSource
from meguru.mlflow.exchange.targets.base import MlflowTarget
from meguru.mlflow.exchange.types import TransferProgress


def import_store(
    ws: Workspace | RemoteWorkspace,
    where: str,
    *,
    artifacts: Iterable[Path] = (),
    with_files: bool = True,
    deep: bool = False,
    progress: TransferProgress | None = None,
) -> TransferReport:
    """Import an MLflow store into a workspace, and compare both sides.

    Parameters
    ----------
    where
        A tracking URI (``http…``), ``sqlite:///mlflow.db``, or a folder ``mlruns``.
    artifacts
        Folders of artifacts beside those that belong to the store.
    with_files
        Whether artifacts and model files come too.
    deep
        Whether files that are here are downloaded again from a server, to compare their digests.
    progress
        Is told what is counted, how much of it is done, and how much there is if that is known.
    """
    report = ReportBuilder(where, _name(ws))
    source = open_source(where, on_error=report.add_problem, artifacts=artifacts)
    try:
        here = workspace_source(ws, report)
        try:
            return MlflowImporter(
                ws, here, source, report, with_files=with_files, deep=deep, progress=progress
            ).run()
        finally:
            here.close()
    finally:
        source.close()


def export_workspace(
    ws: Workspace | RemoteWorkspace, where: str, *, progress: TransferProgress | None = None
) -> TransferReport:
    """Export a workspace to a store of MLflow, and compare both sides.

    Parameters
    ----------
    where
        A folder that is new, empty, or a file store, or the URL of a server: what is missing there is added.
    progress
        Is told what is counted, how much of it is done, and how much there is if that is known.
    """
    from meguru.mlflow.exchange.exporter import Exporter

    report = ReportBuilder(_name(ws), where)
    is_server = where.startswith(("http://", "https://"))
    target = _target(where, report)
    here = workspace_source(ws, report)
    try:
        return Exporter(ws, here, target, report, same_ids=not is_server, progress=progress).send()
    finally:
        target.close()
        here.close()


def _target(where: str, report: ReportBuilder) -> MlflowTarget:
    if where.startswith(("http://", "https://")):
        from meguru.mlflow.exchange.targets.server import ServerTarget

        return ServerTarget(MlflowClient(Http(where)), on_error=report.add_problem)
    from meguru.mlflow.exchange.targets.folder import FolderTarget

    if "://" in where and not where.startswith("file:"):
        raise UsageError(f"{where[:120]!r} can't be written to", hint="name a folder, or a server")
    folder = Path(unquote(where.removeprefix("file://"))) if where.startswith("file:") else Path(where)
    return FolderTarget(folder, on_error=report.add_problem)


def workspace_source(ws: Workspace | RemoteWorkspace, report: ReportBuilder) -> ServerSource:
    """Return a workspace as an MLflow store to read from."""
    if isinstance(ws, RemoteWorkspace):
        return ServerSource(MlflowClient(Http(ws.url, token=ws.token)), on_error=report.add_problem)
    return ServerSource(MlflowClient(InProcess(ws)), on_error=report.add_problem)


def _name(ws: Workspace | RemoteWorkspace) -> str:
    return ws.url if isinstance(ws, RemoteWorkspace) else str(ws.root or "the workspace")
