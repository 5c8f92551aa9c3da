"""Import an MLflow store into a workspace: each thing under its own id, once, and compared afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from meguru.errors import Busy, MeguruError
from meguru.kernel.remote import RemoteWorkspace
from meguru.kernel.workspace import Workspace
from meguru.mlflow.exchange import import_tracking as operations
from meguru.mlflow.exchange.model_importer import ModelImporter
from meguru.mlflow.exchange.report import ReportBuilder, TransferReport
from meguru.mlflow.exchange.sources.server import ServerSource
from meguru.mlflow.exchange.spool import PointSpool
from meguru.mlflow.exchange.types import (
    File,
    MlflowExperiment,
    MlflowRun,
    MlflowSource,
    TransferProgress,
    as_run,
)
from meguru.mlflow.tracking.run_operations import LoggedPoint as SentPoint
from meguru.tracking import show
from meguru.tracking.run_ids import from_hex

POINTS, FILES = 5000, 500


class MlflowImporter:
    """Imports everything that a source has; whatever is here already stays as it is.

    Killed at any moment it can be started again: what came over is compared, the rest is completed.
    """

    def __init__(
        self,
        ws: Workspace | RemoteWorkspace,
        here: ServerSource,
        source: MlflowSource,
        report: ReportBuilder,
        *,
        with_files: bool = True,
        deep: bool = False,
        progress: TransferProgress | None = None,
    ) -> None:
        self._ws, self._here, self._source, self._report = ws, here, source, report
        self._with_files, self._deep = with_files, deep
        self._progress = progress or (lambda _what, _done, _of: None)
        self._spool = PointSpool()
        self._numbers: dict[str, int] = {}
        self._done = 0

    def run(self) -> TransferReport:
        """Import everything, and return the report."""
        total = self._source.count_runs()
        with tempfile.TemporaryDirectory(prefix="meguru-import-") as folder:
            models = ModelImporter(
                self._ws,
                self._here,
                self._source,
                self._report,
                Path(folder),
                with_files=self._with_files,
                deep=self._deep,
            )
            for experiment in self._source.experiments():
                if self._try(lambda each=experiment: self._experiment(each)):  # type: ignore[misc]
                    for run in self._source.runs(experiment):
                        self._try(lambda each=run: self._run(each, Path(folder)))  # type: ignore[misc]
                        self._done += 1
                        self._progress("runs", self._done, total)
                    number = self._numbers[experiment.id]
                    for model in self._source.logged_models(experiment):
                        self._try(lambda each=model, at=number: models.logged(each, at))  # type: ignore[misc]
            for registered in self._source.registered():
                self._try(lambda each=registered: models.registered(each))  # type: ignore[misc]
        for kind, count in self._source.left_out().items():
            self._report.leave_out(kind, count)
        self._compare_experiments()
        self._spool.close()
        return self._report.close()

    def _try(self, work: Callable[[], object]) -> bool:
        try:
            work()
        except Busy:
            raise
        except MeguruError as error:
            self._report.add_problem(error)
            return False
        return True

    def _experiment(self, each: MlflowExperiment) -> None:
        self._report.count("experiments", read=1)
        self._numbers[each.id] = operations.import_experiment(
            self._ws,
            name=each.name,
            number=each.id,
            stage="deleted" if each.stage == "deleted" else "active",
            created=each.created,
            updated=each.updated,
            tags=each.tags,
            source=self._source.where,
        )

    def _run(self, there: MlflowRun, folder: Path) -> None:
        self._report.count("runs", read=1)
        # Both sides go to a table on disk: a run may have more points than memory holds, in any order.
        self._spool.clear("there")
        for key in there.keys:
            self._spool.add("there", key, self._source.points(there, key))
        self._spool.clear("here")
        run = self._here.run(there.id)
        if run is not None:
            self._read_here(run)
        files = list(self._new_files(there, run, folder)) if self._with_files else []
        if run is None or self._lacks(there, run, files):
            self._send(there, run, files)
            after = self._here.run(there.id)
            if after is not None:
                self._spool.clear("here")
                self._read_here(after)
        else:
            after = run
        self._report.count("runs", added=run is None, found=after is not None)
        self._check(there, after)

    def _read_here(self, run: MlflowRun) -> None:
        for key in run.keys:
            self._spool.add("here", key, self._here.points(run, key))

    def _lacks(self, there: MlflowRun, known: MlflowRun, files: list[File]) -> bool:
        if files or any(self._spool.missing()):
            return True
        mine, theirs = as_run(known), as_run(there)
        if any(set(theirs[name]) - set(mine[name]) for name in ("params", "tags", "models", "outputs")):
            return True
        if any(each not in mine["datasets"] for each in theirs["datasets"]):
            return True
        return known.status == "RUNNING" and known.status != there.status

    def _send(self, there: MlflowRun, known: MlflowRun | None, files: list[File]) -> None:
        run = self._imported(there)
        if known is not None and known.stage == "deleted":
            return  # who deleted a run here does not want it completed
        # The last batch says that the run is whole: a crash before it leaves the run running, and the next
        # import completes it.
        batches = _batches((point for some in self._spool.missing() for point in some), POINTS)
        points = next(batches, [])
        sent = files[:FILES]
        added = len(points)
        more = next(batches, None)
        whole = more is None and len(files) <= FILES
        self._send_part(run, points, sent, whole=whole)
        while not whole:
            points = more or []
            more = next(batches, None) if points else None
            files = files[FILES:]
            added += len(points)
            whole = more is None and len(files) <= FILES
            self._send_part(run, points, files[:FILES], whole=whole)
        self._report.count("points", added=added)

    def _send_part(self, run: Any, points: list[Any], files: list[File], *, whole: bool) -> None:
        operations.import_run(
            self._ws,
            run=run,
            points=[
                SentPoint(key=key, value=value, timestamp=ms, step=step) for key, (step, ms, value) in points
            ],
            files=[operations.ImportedFile(path=file.path, digest=file.digest) for file in files],
            whole=whole,
            source=self._source.where,
        )
        self._report.count("files", added=len(files))

    def _imported(self, there: MlflowRun) -> operations.ImportedRun:
        names = set(operations.ImportedRun.__struct_fields__) - {"experiment"}
        fields = {name: getattr(there, name) for name in names}
        return msgspec.convert(
            msgspec.to_builtins(fields) | {"experiment": self._numbers[there.experiment]},
            operations.ImportedRun,
        )

    def _new_files(self, there: MlflowRun, known: MlflowRun | None, folder: Path) -> Iterator[File]:
        """Return the files that are not here, with their digests; their bytes are stored when they come."""
        held = self._files_here(there.id) if known else {}
        for file in self._source.files(there):
            have = held.get(file.path)
            if have is not None and have.size == file.size and self._source.is_remote and not self._deep:
                self._report.count("files", read=1, found=1)
                continue
            try:
                digest = self._ws.blobs.put_file(self._source.fetch(file, folder / "draft"))
            except MeguruError as error:
                self._report.count("files", read=1)
                self._report.add_problem(error)
                continue
            self._report.count("files", read=1, found=1)
            if have is None:
                yield msgspec.structs.replace(file, digest=digest)
            elif have.digest != digest:
                self._report.compare(
                    f"run {there.id}", {f"file {file.path}": digest}, {f"file {file.path}": have.digest}
                )

    def _files_here(self, run: str) -> dict[str, Any]:
        return {file.path: file for file in show.artifacts(self._ws, run=from_hex(run))}

    def _check(self, there: MlflowRun, here: MlflowRun | None) -> None:
        mine, theirs = self._spool.sum("here"), self._spool.sum("there")
        self._report.count("points", read=theirs.points, found=mine.points)
        left = as_run(there) | {"points": theirs.points, "points_digest": theirs.digest}
        right = None
        if here is not None:
            right = as_run(here) | {"points": mine.points, "points_digest": mine.digest}
        self._report.compare(f"run {there.id}", left, right)

    def _compare_experiments(self) -> None:
        here = {mlflow_experiment.name: mlflow_experiment for mlflow_experiment in self._here.experiments()}
        for there in self._source.experiments():
            experiment = here.get(there.name)
            self._report.count("experiments", found=experiment is not None)
            self._report.compare(
                f"experiment {there.name}", _shown(there), _shown(experiment) if experiment else None
            )


def _shown(experiment: MlflowExperiment) -> dict[str, Any]:
    return {"name": experiment.name, "stage": experiment.stage, "tags": experiment.tags}


def _batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
