"""A file store that is written: each run appears whole, under its own id."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from meguru.base import digests
from meguru.errors import Conflict
from meguru.mlflow.exchange.documents import children, is_folder
from meguru.mlflow.exchange.sources.folder import FolderSource
from meguru.mlflow.exchange.targets.base import NamedFiles
from meguru.mlflow.exchange.targets.writing import (
    below,
    copy_file,
    swap,
    write_document,
    write_points,
    write_texts,
)
from meguru.mlflow.exchange.types import (
    STATUSES,
    MlflowExperiment,
    MlflowLoggedModel,
    MlflowModelPoint,
    MlflowPoint,
    MlflowRun,
    MlflowVersion,
    OnError,
    Registered,
)

WORK = ".meguru-export"
_LOCAL = 4
_STATUSES = {"LOGGED_MODEL_PENDING": 1, "LOGGED_MODEL_READY": 2, "LOGGED_MODEL_UPLOAD_FAILED": 3}


class FolderTarget:
    """Writes a folder that MLflow can open as ``file:…``."""

    def __init__(self, folder: Path, *, on_error: OnError) -> None:
        self.folder, self._on_error = folder.absolute(), on_error
        entries = children(self.folder)
        if entries and not any(
            entry.name in {"models", ".trash", WORK} or _is_store(entry.path) for entry in entries
        ):
            raise Conflict(
                f"{str(folder)!r} is no file store of MLflow, and is not empty",
                where=str(folder),
                hint="name an empty folder, or a new one",
            )
        self._source = FolderSource(self.folder, on_error=on_error)
        self._work = self.folder / WORK
        shutil.rmtree(self._work, ignore_errors=True)  # what an export that was killed had begun
        (self.folder / ".trash").mkdir(parents=True, exist_ok=True)
        (self.folder / "models").mkdir(exist_ok=True)

    def experiments(self) -> Iterator[MlflowExperiment]:
        """Return the experiments that are there."""
        return self._source.experiments()

    def find_run(self, of: MlflowExperiment, identity: str) -> MlflowRun | None:
        """Return a run that is there."""
        return self._source.run(of, identity)

    def points(self, run: MlflowRun, key: str) -> Iterator[MlflowPoint]:
        """Return the points of a metric that are there."""
        return self._source.points(run, key)

    def run_files(self, run: MlflowRun) -> dict[str, str]:
        """Return the digests of a run's files that are there."""
        return {file.path: digests.of_file(Path(file.place)) for file in self._source.files(run)}

    def find_model(self, of: MlflowExperiment, identity: str) -> MlflowLoggedModel | None:
        """Return a logged model that is there."""
        return self._source.logged_model(of, below(Path(), identity).as_posix())

    def model_files(self, model: MlflowLoggedModel) -> dict[str, str]:
        """Return the digests of a logged model's files that are there."""
        return {file.path: digests.of_file(Path(file.place)) for file in self._source.model_files(model)}

    def find_registered(self, name: str) -> Registered | None:
        """Return a registered model that is there."""
        return self._source.registered_model(below(Path(), name).as_posix())

    def experiment(self, each: MlflowExperiment) -> None:
        """Write an experiment's own files, if it is not there."""
        place = self._experiment(each)
        if (place / "meta.yaml").exists():
            return
        place.mkdir(parents=True, exist_ok=True)
        write_texts(place / "tags", each.tags, self._on_error)
        meta = {
            "artifact_location": place.as_uri(),
            "creation_time": each.created,
            "experiment_id": each.id,
            "last_update_time": each.updated,
            "lifecycle_stage": each.stage,
            "name": each.name,
        }
        write_document(place / "meta.yaml", meta)

    def run(
        self,
        each: MlflowRun,
        of: MlflowExperiment,
        points: Iterable[tuple[str, Iterable[MlflowPoint]]],
        files: NamedFiles,
    ) -> None:
        """Write a run, over one that is there."""
        place = below(self._experiment(of), each.id)
        draft = self._draft(each.id)
        for name, values in (("params", each.params), ("tags", each.tags)):
            write_texts(draft / name, values, self._on_error)
        (draft / "metrics").mkdir()
        for key, some in points:
            write_points(draft / "metrics", key, some, self._on_error)
        self._copy(files, draft / "artifacts")
        self._links(each, draft, self._experiment(of))
        meta: dict[str, Any] = {
            "artifact_uri": f"{place.as_uri()}/artifacts",
            "end_time": each.end,
            "entry_point_name": "",
            "experiment_id": of.id,
            "lifecycle_stage": each.stage,
            "run_id": each.id,
            "run_uuid": each.id,
            "run_name": each.name,
            "source_name": "",
            "source_type": _LOCAL,
            "source_version": "",
            "start_time": each.start,
            "status": STATUSES.index(each.status) + 1,
            "tags": [],
            "user_id": each.user,
        }
        write_document(draft / "meta.yaml", meta | ({"deleted_time": 0} if each.stage == "deleted" else {}))
        swap(draft, place, self._work / f"{each.id}.old")

    def logged_model(self, each: MlflowLoggedModel, of: MlflowExperiment, files: NamedFiles) -> None:
        """Write a logged model, over one that is there."""
        place = below(self._experiment(of) / "models", each.id)
        draft = self._draft(each.id)
        for name, values in (("params", each.params), ("tags", each.tags)):
            write_texts(draft / name, values, self._on_error)
        write_texts(draft / "metrics", _lines(each.points), self._on_error)
        self._copy(files, draft / "artifacts")
        meta = {
            "artifact_location": f"{place.as_uri()}/artifacts",
            "creation_timestamp": each.created,
            "experiment_id": of.id,
            "last_updated_timestamp": each.updated,
            "model_id": each.id,
            "model_type": each.model_type or None,
            "name": each.name,
            "source_run_id": each.run or None,
            "status": _STATUSES.get(each.status, 1),
            "status_message": None,
        }
        write_document(draft / "meta.yaml", meta)
        swap(draft, place, self._work / f"{each.id}.old")

    def registered(self, each: Registered) -> None:
        """Write a registered model with its versions, over what is there; their files are elsewhere."""
        place = below(self.folder / "models", each.name)
        write_texts(place / "tags", each.tags, self._on_error)
        write_texts(
            place / "aliases", {name: str(number) for name, number in each.aliases.items()}, self._on_error
        )
        for version in each.versions:
            self._version(each.name, version, place / f"version-{version.version}")
        meta = {
            "aliases": {},
            "creation_timestamp": each.created,
            "description": each.description or None,
            "last_updated_timestamp": each.updated,
            "latest_versions": [],
            "name": each.name,
            "tags": {},
        }
        write_document(place / "meta.yaml", meta)

    def version_files(self, name: str, version: int, files: NamedFiles) -> str:
        """Keep the files of a version that belong to no run and no logged model; return where they are."""
        place = below(self.folder / "models", name) / f"version-{version}" / "artifacts"
        if not place.exists():
            draft = self._draft(f"version-{version}")
            self._copy(files, draft / "artifacts")
            place.parent.mkdir(parents=True, exist_ok=True)
            (draft / "artifacts").rename(place)
        return place.as_uri()

    def version_of(self, version: MlflowVersion) -> MlflowVersion:
        """Return a version whose source is a path here in the place of the proxy's."""
        path = version.source.removeprefix("mlflow-artifacts:").lstrip("/")
        if not version.source.startswith("mlflow-artifacts:") or ".." in path.split("/"):
            return version
        return msgspec.structs.replace(version, source=(self.folder / path).as_uri())

    def close(self) -> None:
        """Let go of it."""
        self.finish()

    def finish(self) -> None:
        """Take away what was in the making."""
        shutil.rmtree(self._work, ignore_errors=True)

    def _experiment(self, each: MlflowExperiment) -> Path:
        return below(self.folder / ".trash" if each.stage == "deleted" else self.folder, each.id)

    def _draft(self, name: str) -> Path:
        draft = below(self._work, name)
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        return draft

    def _copy(self, files: NamedFiles, folder: Path) -> None:
        folder.mkdir(parents=True)
        for path, source in files:
            copy_file(source, below(folder, path))

    def _links(self, each: MlflowRun, draft: Path, experiment: Path) -> None:
        for dataset in each.datasets:
            identity = _mark(dataset.name, dataset.digest)
            known = experiment / "datasets" / identity / "meta.yaml"
            if not known.exists():
                fields = msgspec.structs.asdict(dataset)
                del fields["tags"]
                write_document(known, fields)
            meta = _link("DATASET", identity, "RUN", each.id) | {"tags": dict(dataset.tags)}
            write_document(draft / "inputs" / _mark(identity, each.id) / "meta.yaml", meta)
        for model in each.models:
            meta = _link("RUN_INPUT", each.id, "MODEL_INPUT", model.model_id)
            write_document(below(draft / "inputs", model.model_id) / "meta.yaml", meta)
        for model in each.outputs:
            meta = _link("RUN_OUTPUT", each.id, "MODEL_OUTPUT", model.model_id) | {"step": model.step}
            write_document(below(draft / "outputs", model.model_id) / "meta.yaml", meta)

    def _version(self, name: str, version: MlflowVersion, place: Path) -> None:
        write_texts(place / "tags", version.tags, self._on_error)
        meta = {
            "creation_timestamp": version.created,
            "current_stage": version.stage,
            "description": version.description or None,
            "last_updated_timestamp": version.updated,
            "model_id": version.logged_model or None,
            "name": name,
            "run_id": version.run or None,
            "run_link": version.run_link or None,
            "source": version.source,
            "status": "READY",
            "status_message": None,
            "storage_location": version.source,
            "user_id": version.user or None,
            "version": version.version,
        }
        write_document(place / "meta.yaml", meta)


def _link(source_type: str, source: str, destination_type: str, destination: str) -> dict[str, Any]:
    return {
        "source_type": source_type,
        "source_id": source,
        "destination_type": destination_type,
        "destination_id": destination,
        "tags": {},
    }


def _mark(*parts: str) -> str:
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest()


def _is_store(place: Path) -> bool:
    return is_folder(place) and (place / "meta.yaml").is_file()


def _lines(points: list[MlflowModelPoint]) -> dict[str, str]:
    """Return the points of a logged model by key, one a line, with its run and its dataset."""
    found: dict[str, list[str]] = {}
    for point in points:
        value = "nan" if point.value is None else repr(point.value)
        dataset = f" {point.dataset_name} {point.dataset_digest}" if point.dataset_digest else ""
        found.setdefault(point.key, []).append(f"{point.ms} {value} {point.step} {point.run}{dataset}\n")
    return {key: "".join(lines) for key, lines in found.items()}
