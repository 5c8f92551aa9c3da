"""Send a workspace to a store of MLflow: what is missing is written, and both sides are compared."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from meguru.errors import Busy, MeguruError
from meguru.kernel.remote import RemoteWorkspace
from meguru.kernel.workspace import Workspace
from meguru.mlflow.exchange import import_registry as operations
from meguru.mlflow.exchange.report import ReportBuilder, TransferReport
from meguru.mlflow.exchange.sources.server import ServerSource
from meguru.mlflow.exchange.spool import PointSpool
from meguru.mlflow.exchange.targets.base import MlflowTarget
from meguru.mlflow.exchange.types import (
    MlflowExperiment,
    MlflowLoggedModel,
    MlflowRun,
    MlflowVersion,
    Registered,
    TransferProgress,
    as_run,
)
from meguru.tracking import show
from meguru.tracking.run_ids import from_hex

VERSIONS = "mlflow.modelVersions"
"""A tag that a server sets by itself: under which names a logged model is registered."""
_OF_VERSION = re.compile(r"mlflow-artifacts:/+(model-versions/[^/]+/\d+)")


class Exporter:
    """Writes what is not there; what is there and has more than here stays, and is told as a difference."""

    def __init__(
        self,
        ws: Workspace | RemoteWorkspace,
        here: ServerSource,
        target: MlflowTarget,
        report: ReportBuilder,
        *,
        same_ids: bool = True,
        progress: TransferProgress | None = None,
    ) -> None:
        self._ws, self._here, self._target, self._report = ws, here, target, report
        self._same_ids = same_ids
        self._progress = progress or (lambda _what, _done, _of: None)
        self._spool = PointSpool()
        self._done = 0

    def send(self) -> TransferReport:
        """Send everything and return the report."""
        for experiment in self._here.experiments():
            self._report.count("experiments", read=1)
            if not self._try(lambda each=experiment: self._target.experiment(each)):  # type: ignore[misc]
                continue
            for run in self._here.runs(experiment):
                self._try(lambda each=run, of=experiment: self._run(each, of))  # type: ignore[misc]
                self._done += 1
                self._progress("runs", self._done, None)
            for model in self._here.logged_models(experiment):
                self._try(lambda each=model, of=experiment: self._logged(each, of))  # type: ignore[misc]
        for registered in self._here.registered():
            self._try(lambda each=registered: self._registered(each))  # type: ignore[misc]
        self._target.finish()
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

    def _run(self, run: MlflowRun, of: MlflowExperiment) -> None:
        self._report.count("runs", read=1)
        self._fill("here", run, self._here)
        files = {file.path: file.digest for file in show.artifacts(self._ws, run=from_hex(run.id))}
        mlflow_run = self._target.find_run(of, run.id)
        self._spool.clear("there")
        held: dict[str, str] = {}
        if mlflow_run is not None:
            self._fill("there", mlflow_run, self._target)
            held = self._target.run_files(mlflow_run)
        if mlflow_run is None or self._is_behind(mlflow_run, held, run, files):
            points = ((key, self._here.points(run, key)) for key in run.keys)
            self._target.run(run, of, points, self._local(files))
            self._report.count("runs", added=mlflow_run is None)
            mlflow_run = self._target.find_run(of, run.id)
            if mlflow_run is not None:
                self._fill("there", mlflow_run, self._target)
                held = self._target.run_files(mlflow_run)
        self._check(run, files, mlflow_run, held)

    def _fill(self, side: Any, run: MlflowRun, source: Any) -> None:
        self._spool.clear(side)
        for key in run.keys:
            self._spool.add(side, key, source.points(run, key))

    def _is_behind(
        self, known: MlflowRun, held: dict[str, str], run: MlflowRun, files: dict[str, str]
    ) -> bool:
        """Tell whether what is there lacks something, and has nothing that is not here."""
        lacks = (
            any(self._spool.missing(at="there")) or held != files or self._fields(known) != self._fields(run)
        )
        has_more = any(self._spool.missing(at="here")) or any(
            files.get(path) != digest for path, digest in held.items()
        )
        for name in ("params", "tags"):
            here = getattr(run, name)
            has_more = has_more or any(here.get(key) != value for key, value in getattr(known, name).items())
        return lacks and not has_more

    def _local(self, files: dict[str, str]) -> Iterator[tuple[str, Path]]:
        for path, digest in files.items():
            yield path, self._ws.blobs.path(digest)

    def _check(
        self, run: MlflowRun, files: dict[str, str], known: MlflowRun | None, held: dict[str, str]
    ) -> None:
        mine, theirs = self._spool.sum("here"), self._spool.sum("there")
        self._report.count("runs", found=known is not None)
        self._report.count("points", read=mine.points, found=theirs.points)
        self._report.count("files", read=len(files), found=len(held))
        left = self._fields(run) | {"points": mine.points, "points_digest": mine.digest, "files": files}
        right = None
        if known is not None:
            right = self._fields(known) | {
                "points": theirs.points,
                "points_digest": theirs.digest,
                "files": held,
            }
        self._report.compare(f"run {run.id}", left, right)

    def _logged(self, model: MlflowLoggedModel, of: MlflowExperiment) -> None:
        files = {file.path: file.digest for file in operations.logged_model_files(self._ws, model=model.id)}
        known, held = self._known_model(model, of)
        is_behind = known is not None and held.items() <= files.items()
        if known is None or (is_behind and (held != files or known.status != model.status)):
            self._target.logged_model(model, of, self._local(files))
            self._report.count("logged models", added=known is None)
            known, held = self._known_model(model, of)
        self._report.count("logged models", read=1, found=known is not None)
        self._report.count("model files", read=len(files), found=len(held))
        left = self._shown(model) | {"files": files}
        self._report.compare(
            f"logged model {model.id}", left, self._shown(known) | {"files": held} if known else None
        )

    def _known_model(
        self, model: MlflowLoggedModel, of: MlflowExperiment
    ) -> tuple[MlflowLoggedModel | None, dict[str, str]]:
        logged_model = self._target.find_model(of, model.id)
        if logged_model is None:
            return None, {}
        return logged_model, self._target.model_files(logged_model)

    def _registered(self, model: Registered) -> None:
        wanted = msgspec.structs.replace(
            model, versions=[self._with_source(model.name, version) for version in model.versions]
        )
        registered = self._target.find_registered(model.name)
        before = len(registered.versions) if registered else 0
        if registered is None or {mlflow_version.version for mlflow_version in registered.versions} <= {
            mlflow_version.version for mlflow_version in wanted.versions
        }:
            self._target.registered(wanted)
            registered = self._target.find_registered(model.name)
        self._report.count("registered models", read=1, found=registered is not None)
        found = len(registered.versions) if registered else 0
        self._report.count("model versions", read=len(wanted.versions), found=found, added=found - before)
        self._report.compare(
            f"registered model {model.name}",
            self._said(wanted),
            self._said(registered) if registered else None,
        )

    def _with_source(self, name: str, version: MlflowVersion) -> MlflowVersion:
        own = _OF_VERSION.match(version.source)
        if own is None:
            return self._target.version_of(version)
        with tempfile.TemporaryDirectory(prefix="meguru-export-") as folder:

            def files() -> Iterator[tuple[str, Path]]:
                for file in self._here.proxied_files(own[1]):
                    yield file.path, self._here.fetch(file, Path(folder) / "draft")

            source = self._target.version_files(name, version.version, files())
        return msgspec.structs.replace(self._target.version_of(version), source=source)

    def _compare_experiments(self) -> None:
        there = {experiment.name: experiment for experiment in self._target.experiments()}
        for each in self._here.experiments():
            known = there.get(each.name)
            self._report.count("experiments", found=known is not None)
            self._report.compare(
                f"experiment {each.name}", self._experiment(each), self._experiment(known) if known else None
            )

    def _fields(self, run: MlflowRun) -> dict[str, Any]:
        """Return what of a run is compared: where it gets other ids, without the links to models."""
        without = () if self._same_ids else ("models", "outputs")
        return {name: value for name, value in as_run(run).items() if name not in without}

    def _shown(self, model: MlflowLoggedModel) -> dict[str, Any]:
        without = {"place", "experiment"} | (set() if self._same_ids else {"created", "updated"})
        fields: dict[str, Any] = msgspec.to_builtins(model)
        if not self._same_ids:
            fields["tags"].pop(VERSIONS, None)
        return {name: value for name, value in fields.items() if name not in without}

    def _said(self, model: Registered) -> dict[str, Any]:
        """Return what of a registered model is compared: a server has its own times and users."""
        fields: dict[str, Any] = msgspec.to_builtins(model)
        if self._same_ids:
            return fields
        for each in (fields, *fields["versions"]):
            for name in ("created", "updated", "user"):
                each.pop(name, None)
        return fields

    def _experiment(self, each: MlflowExperiment) -> dict[str, Any]:
        fields = {"name": each.name, "stage": each.stage, "tags": each.tags}
        return fields | ({"id": each.id} if self._same_ids else {})
