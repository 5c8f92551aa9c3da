"""The file store: a folder ``mlruns`` of YAML files and text files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from meguru.errors import InvalidInput, MeguruError
from meguru.mlflow.exchange import documents
from meguru.mlflow.exchange.documents import children, document, texts, walk
from meguru.mlflow.exchange.roots import Roots
from meguru.mlflow.exchange.types import (
    MAX_DIGITS,
    STATUSES,
    File,
    MlflowExperiment,
    MlflowLoggedModel,
    MlflowModelPoint,
    MlflowPoint,
    MlflowRun,
    MlflowVersion,
    OnError,
    Registered,
    logged_model_in,
    model_points,
    point,
)
from meguru.mlflow.tracking.inputs import DatasetInput, ModelLink

_MODEL_STATUS = {1: "LOGGED_MODEL_PENDING", 2: "LOGGED_MODEL_READY", 3: "LOGGED_MODEL_UPLOAD_FAILED"}
_MAX_LINE = 4096


class FolderSource:
    """Reads a file store; a link in it is never followed."""

    is_remote = False

    def __init__(self, folder: Path, *, on_error: OnError, artifacts: Iterable[Path] = ()) -> None:
        self.folder, self.where, self._on_error = folder, str(folder), on_error
        self._roots = Roots([folder, *artifacts])

    def experiments(self) -> Iterator[MlflowExperiment]:
        """Return the experiments, those in the trash after the others."""
        for place in self._experiment_folders():
            meta = self._meta(place)
            if meta is not None:
                yield MlflowExperiment(
                    # By its folder, and not by what the file in it says: other folders are found by this.
                    id=place.name,
                    name=_text(meta, "name") or place.name,
                    stage="deleted" if _text(meta, "lifecycle_stage") == "deleted" else "active",
                    created=_number(meta, "creation_time"),
                    updated=_number(meta, "last_update_time"),
                    tags=texts(place / "tags", on_error=self._on_error),
                )

    def count_runs(self) -> int | None:
        """Count the folders that hold a run."""
        return sum(
            1
            for place in self._experiment_folders()
            for entry in children(place)
            if entry.is_dir and (entry.path / "meta.yaml").is_file()
        )

    def runs(self, experiment: MlflowExperiment) -> Iterator[MlflowRun]:
        """Return the runs of an experiment, by id."""
        place = self._folder_of(experiment.id)
        datasets = self._datasets(place)
        for entry in children(place):
            if entry.is_dir and (entry.path / "params").is_dir():
                meta = self._meta(entry.path)
                if meta is not None:
                    yield self._run(entry.path, meta, experiment.id, datasets)

    def run(self, experiment: MlflowExperiment, identity: str) -> MlflowRun | None:
        """Return one run of an experiment; None if there is none."""
        place = self._folder_of(experiment.id) / identity
        meta = self._meta(place) if documents.is_folder(place) else None
        if meta is None:
            return None
        return self._run(place, meta, experiment.id, self._datasets(place.parent))

    def points(self, run: MlflowRun, key: str) -> Iterator[MlflowPoint]:
        """Return the points of a metric as they were written."""
        path = self._folder_of(run.experiment) / run.id / "metrics" / key
        bad = 0
        with documents.opened(path) as file:
            while line := file.readline(_MAX_LINE):
                words = line.split()
                try:
                    step = int(words[2]) if len(words) > 2 else 0
                    yield point(step, int(words[0]), float(words[1]))
                except (ValueError, IndexError, OverflowError):
                    bad += bool(words)
        if bad:
            self._on_error(InvalidInput(f"{bad} lines of the metric {key!r} are no points", where=str(path)))

    def files(self, run: MlflowRun) -> Iterator[File]:
        """Return the files of a run."""
        return self._files(run.place, self._folder_of(run.experiment) / run.id)

    def logged_models(self, experiment: MlflowExperiment) -> Iterator[MlflowLoggedModel]:
        """Return the logged models of an experiment, by id."""
        for entry in children(self._folder_of(experiment.id) / "models"):
            if entry.is_dir and (model := self.logged_model(experiment, entry.name)) is not None:
                yield model

    def logged_model(self, experiment: MlflowExperiment, identity: str) -> MlflowLoggedModel | None:
        """Return one logged model of an experiment; None if there is none."""
        place = self._folder_of(experiment.id) / "models" / identity
        meta = self._meta(place) if documents.is_folder(place) else None
        if meta is None:
            return None
        status = meta.get("status")
        return MlflowLoggedModel(
            id=identity,
            experiment=experiment.id,
            name=_text(meta, "name"),
            model_type=_text(meta, "model_type"),
            run=_text(meta, "source_run_id"),
            status=_MODEL_STATUS.get(status, str(status))
            if isinstance(status, int)
            else _text(meta, "status"),
            params=texts(place / "params", on_error=self._on_error),
            tags=texts(place / "tags", on_error=self._on_error),
            points=model_points(self._model_points(place / "metrics")),
            created=_number(meta, "creation_timestamp"),
            updated=_number(meta, "last_updated_timestamp"),
            place=_text(meta, "artifact_location"),
        )

    def _model_points(self, place: Path) -> Iterator[MlflowModelPoint]:
        """Return the points of a logged model: one a line, with its run, and its dataset if it has one."""
        for key, text in texts(place, on_error=self._on_error).items():
            for line in text.splitlines():
                words = line.split(" ")
                name, digest = (words[4], words[5]) if len(words) == 6 else ("", "")
                try:
                    mlflow_point = point(int(words[2]), int(words[0]), float(words[1]))
                    yield MlflowModelPoint(
                        key=key,
                        ms=mlflow_point.ms,
                        step=mlflow_point.step,
                        run=words[3],
                        value=mlflow_point.value,
                        dataset_name=name,
                        dataset_digest=digest,
                    )
                except (ValueError, IndexError, OverflowError):
                    self._on_error(
                        InvalidInput(f"a line of the metric {key!r} is no point", where=str(place))
                    )

    def model_files(self, model: MlflowLoggedModel) -> Iterator[File]:
        """Return the files of a logged model."""
        place = self._folder_of(model.experiment) / "models" / model.id
        return self._files(model.place, place)

    def registered(self) -> Iterator[Registered]:
        """Return the registered models, by name."""
        for entry in children(self.folder / "models"):
            if entry.is_dir and (found := self.registered_model(entry.name)) is not None:
                yield found

    def registered_model(self, name: str) -> Registered | None:
        """Return the registered model that is kept in a folder of this name; None if there is none."""
        place = self.folder / "models" / name
        meta = self._meta(place) if documents.is_folder(place) else None
        if meta is None:
            return None
        aliases = texts(place / "aliases", on_error=self._on_error)
        return Registered(
            name=_text(meta, "name") or name,
            description=_text(meta, "description"),
            tags=texts(place / "tags", on_error=self._on_error),
            created=_number(meta, "creation_timestamp"),
            updated=_number(meta, "last_updated_timestamp"),
            versions=sorted(self._versions(place), key=lambda version: version.version),
            aliases={
                alias: int(text)
                for alias, text in aliases.items()
                if text.strip().isdecimal() and len(text.strip()) <= MAX_DIGITS
            },
        )

    def left_out(self) -> dict[str, int]:
        """Count what is not imported: traces."""
        count = sum(len(children(place / "traces")) for place in self._experiment_folders())
        return {"traces": count} if count else {}

    def fetch(self, file: File, draft: Path) -> Path:
        """Return the file itself."""
        del draft
        documents.opened(Path(file.place)).close()
        return Path(file.place)

    def close(self) -> None:
        """Do nothing: no file is held open."""

    def _experiment_folders(self) -> Iterator[Path]:
        for root in (self.folder, self.folder / ".trash"):
            for entry in children(root):
                if entry.is_dir and entry.name not in {"models", ".trash", "traces"}:
                    yield entry.path

    def _folder_of(self, experiment: str) -> Path:
        place = self.folder / experiment
        return place if documents.is_folder(place) else self.folder / ".trash" / experiment

    def _meta(self, place: Path) -> dict[str, Any] | None:
        path = place / "meta.yaml"
        if not path.is_file():
            return None
        try:
            return document(path)
        except MeguruError as error:
            self._on_error(error)
            return None

    def _run(self, place: Path, meta: dict[str, Any], experiment: str, datasets: dict[str, Any]) -> MlflowRun:
        tags = texts(place / "tags", on_error=self._on_error)
        status = meta.get("status")
        known = STATUSES[status - 1] if isinstance(status, int) and 1 <= status <= len(STATUSES) else status
        end = meta.get("end_time")
        found, models = self._inputs(place, datasets)
        return MlflowRun(
            id=place.name,
            experiment=experiment,
            name=_text(meta, "run_name") or tags.get("mlflow.runName", ""),
            user=_text(meta, "user_id"),
            status=known if known in STATUSES else "FINISHED",
            start=_number(meta, "start_time"),
            end=end if isinstance(end, int) else None,
            stage="deleted" if _text(meta, "lifecycle_stage") == "deleted" else "active",
            params=texts(place / "params", on_error=self._on_error),
            tags=tags,
            keys=[file.path for file in walk(place / "metrics", on_error=self._on_error)],
            datasets=found,
            models=models,
            outputs=[ModelLink(model_id=entry.name) for entry in children(place / "outputs") if entry.is_dir],
            place=_text(meta, "artifact_uri"),
        )

    def _datasets(self, place: Path) -> dict[str, dict[str, Any]]:
        found = {}
        for entry in children(place / "datasets"):
            meta = self._meta(entry.path) if entry.is_dir else None
            if meta is not None:
                found[entry.name] = meta
        return found

    def _inputs(
        self, place: Path, datasets: dict[str, dict[str, Any]]
    ) -> tuple[list[DatasetInput], list[ModelLink]]:
        found, models = [], []
        for entry in children(place / "inputs"):
            meta = self._meta(entry.path) if entry.is_dir else None
            if meta is None:
                continue
            source = _text(meta, "source_id")
            if _text(meta, "source_type") in {"MODEL_INPUT", "2"} or source not in datasets:
                models.append(ModelLink(model_id=_text(meta, "destination_id") or source))
                continue
            tags = meta.get("tags")
            known = datasets[source]
            found.append(
                DatasetInput(
                    name=_text(known, "name"),
                    digest=_text(known, "digest"),
                    source_type=_text(known, "source_type"),
                    source=_text(known, "source"),
                    schema=_text(known, "schema") or None,
                    profile=_text(known, "profile") or None,
                    tags=_pairs(tags),
                )
            )
        return found, models

    def _versions(self, place: Path) -> Iterator[MlflowVersion]:
        for entry in children(place):
            if not entry.is_dir or not entry.name.startswith("version-"):
                continue
            meta = self._meta(entry.path)
            if meta is None or _text(meta, "current_stage") == "Deleted_Internal":
                continue
            number = entry.name.removeprefix("version-")
            if not number.isdecimal() or len(number) > MAX_DIGITS:
                continue
            source = _text(meta, "source")
            yield MlflowVersion(
                version=int(number),
                source=source,
                run=_text(meta, "run_id"),
                run_link=_text(meta, "run_link"),
                logged_model=_text(meta, "model_id") or logged_model_in(source),
                description=_text(meta, "description"),
                tags=texts(entry.path / "tags", on_error=self._on_error),
                stage=_text(meta, "current_stage") or "None",
                user=_text(meta, "user_id"),
                created=_number(meta, "creation_timestamp"),
                updated=_number(meta, "last_updated_timestamp"),
            )

    def _files(self, location: str, place: Path) -> Iterator[File]:
        beside = place / "artifacts"
        folder = str(beside) if documents.is_folder(beside) else self._roots.find(location)
        if folder:
            return walk(Path(folder), on_error=self._on_error)
        if refused := self._roots.elsewhere(location):
            self._on_error(refused)
        return iter(())


def _pairs(value: Any) -> dict[str, str]:
    return {str(key): _text(value, key) for key in value} if isinstance(value, dict) else {}


def _text(meta: dict[Any, Any], name: Any) -> str:
    # Not of a list: a few lines of YAML whose aliases are nested are gigabytes when they are written out.
    value = meta.get(name)
    return "" if value is None or isinstance(value, dict | list) else str(value)


def _number(meta: dict[str, Any], name: str) -> int:
    value = meta.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
