"""Import logged models and the registry."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from meguru.errors import MeguruError
from meguru.kernel.remote import RemoteWorkspace
from meguru.kernel.workspace import Workspace
from meguru.mlflow.exchange import import_registry as operations
from meguru.mlflow.exchange.report import ReportBuilder
from meguru.mlflow.exchange.sources.server import ServerSource
from meguru.mlflow.exchange.types import MlflowLoggedModel, MlflowSource, MlflowVersion, Registered, as_model
from meguru.tracking.milliseconds import moment

PROMPT = "mlflow.prompt.is_prompt"
_OF_RUN = re.compile(r"runs:/([^/]+)/(.+)")


class ModelImporter:
    """Imports models; `folder` is for files on their way."""

    def __init__(
        self,
        ws: Workspace | RemoteWorkspace,
        here: ServerSource,
        source: MlflowSource,
        report: ReportBuilder,
        folder: Path,
        *,
        with_files: bool,
        deep: bool,
    ) -> None:
        self._ws, self._here, self._source, self._report = ws, here, source, report
        self._folder, self._with_files, self._deep = folder, with_files, deep
        self._experiments: dict[str, int] = {}

    def logged(self, there: MlflowLoggedModel, number: int) -> None:
        """Import a logged model with its files."""
        self._experiments[there.id] = number
        stored_files = {file.path: file for file in operations.logged_model_files(self._ws, model=there.id)}
        files = []
        for file in self._source.model_files(there) if self._with_files else ():
            self._report.count("model files", read=1)
            have = stored_files.get(file.path)
            if have and have.size == file.size and self._source.is_remote and not self._deep:
                self._report.count("model files", found=1)
                continue
            try:
                digest = self._ws.blobs.put_file(self._source.fetch(file, self._folder / "draft"))
            except MeguruError as error:
                self._report.add_problem(error)
                continue
            self._report.count("model files", found=1)
            if have is None:
                files.append(operations.StoredFile(path=file.path, digest=digest, size=file.size))
            elif have.digest != digest:
                field = f"file {file.path}"
                self._report.compare(f"logged model {there.id}", {field: digest}, {field: have.digest})
        same = ("id", "name", "model_type", "run", "status", "params", "tags")
        fields = {name: getattr(there, name) for name in same}
        model = operations.ImportedModel(
            **fields,
            points=[
                msgspec.convert(msgspec.to_builtins(point), operations.ImportedPoint)
                for point in there.points
            ],
            experiment=number,
            created=moment(there.created),
            updated=moment(there.updated),
        )
        added = operations.import_logged_model(self._ws, model=model, files=files, source=self._source.where)
        here = self._here.logged_model(there.id)
        self._report.count("logged models", read=1, found=here is not None)
        self._report.count("model files", added=added.files)
        found = len(here.points) if here else 0
        self._report.count("model points", read=len(there.points), found=found, added=added.points)
        self._report.compare(f"logged model {there.id}", as_model(there), as_model(here) if here else None)

    def registered(self, there: Registered) -> None:
        """Import a registered model; prompts, which MLflow keeps among them, are left out."""
        if there.tags.get(PROMPT, "").lower() == "true":
            self._report.leave_out("prompts")
            return
        self._report.count("registered models", read=1)
        self._report.count("model versions", read=len(there.versions))
        versions = [
            operations.ImportedVersion(
                **{
                    name: getattr(version, name)
                    for name in operations.ImportedVersion.__struct_fields__
                    if name not in {"storage", "created", "updated"}
                },
                storage=self._storage(version),
                created=moment(version.created),
                updated=moment(version.updated),
            )
            for version in there.versions
        ]
        added = operations.import_registered_model(
            self._ws,
            name=there.name,
            description=there.description,
            tags=there.tags,
            created=moment(there.created),
            updated=moment(there.updated),
            versions=versions,
            aliases=there.aliases,
            source=self._source.where,
        )
        self._report.count("model versions", added=added)
        self._compare(there)

    def _storage(self, version: MlflowVersion) -> str:
        """Return where the files of a version are here; its source, if they are not."""
        if version.logged_model in self._experiments:
            number = self._experiments[version.logged_model]
            return f"mlflow-artifacts:/{number}/models/{version.logged_model}/artifacts"
        run = self._here.run(version.run) if version.run else None
        if run is None:
            return version.source
        found = _OF_RUN.fullmatch(version.source)
        mark = f"/{version.run}/artifacts/"
        path = found[2] if found else version.source.partition(mark)[2]
        return f"{run.place}/{path}" if path else version.source

    def _compare(self, there: Registered) -> None:
        here = next((registered for registered in self._here.registered(there.name)), None)
        self._report.count("registered models", found=here is not None)
        if here is not None:
            self._report.count("model versions", found=len(here.versions))
        self._report.compare(f"registered model {there.name}", _shown(there), _shown(here) if here else None)


def _shown(model: Registered) -> dict[str, Any]:
    fields = msgspec.to_builtins(model)
    for version in fields["versions"]:
        for name in ("user", "updated"):
            del version[name]
    del fields["updated"]
    return dict(fields)
