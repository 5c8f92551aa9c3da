"""MLflow's SQL store in an SQLite file, read table by table; columns that a version lacks count as empty."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from meguru.errors import InvalidInput, NotFound
from meguru.mlflow.exchange import documents
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

_PAGE = 500
_MODEL_STATUS = {1: "LOGGED_MODEL_PENDING", 2: "LOGGED_MODEL_READY", 3: "LOGGED_MODEL_UPLOAD_FAILED"}
DatabaseRow = dict[str, Any]


class DatabaseSource:
    """Reads an SQLite file that MLflow wrote; opened so that nothing can be written."""

    is_remote = False

    def __init__(self, path: Path, *, on_error: OnError, artifacts: Iterable[Path] = ()) -> None:
        if not path.is_file():
            raise NotFound(f"there is no database {str(path)!r}", where=str(path))
        self.where, self._on_error = f"sqlite:///{path}", on_error
        self._db = sqlite3.connect(
            f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, check_same_thread=False
        )
        self._db.row_factory = sqlite3.Row
        self._db.text_factory = lambda data: data.decode(errors="replace")
        try:
            names = self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise InvalidInput(f"{path.name!r} is no SQLite database", where=str(path)) from error
        self._tables = {row["name"] for row in names}
        if not {"experiments", "runs", "metrics"} <= self._tables:
            self._db.close()
            raise InvalidInput(
                f"{path.name!r} is no database of MLflow",
                where=str(path),
                why="it has no tables experiments, runs and metrics",
            )
        beside = path.parent
        self._roots = Roots([beside / "mlruns", beside / "mlartifacts", *artifacts])

    def experiments(self) -> Iterator[MlflowExperiment]:
        """Return the experiments by number."""
        tags = "SELECT key, value FROM experiment_tags WHERE experiment_id = ?"
        for row in self._rows("SELECT * FROM experiments ORDER BY experiment_id"):
            yield MlflowExperiment(
                id=str(row["experiment_id"]),
                name=_text(row, "name"),
                stage=_stage(row),
                created=_number(row, "creation_time"),
                updated=_number(row, "last_update_time"),
                tags=self._pairs("experiment_tags", tags, row["experiment_id"]),
            )

    def count_runs(self) -> int | None:
        """Count the runs."""
        return int(self._db.execute("SELECT count(*) FROM runs").fetchone()[0])

    def runs(self, experiment: MlflowExperiment) -> Iterator[MlflowRun]:
        """Return the runs of an experiment, by id."""
        query = "SELECT * FROM runs WHERE experiment_id = ? AND run_uuid > ? ORDER BY run_uuid LIMIT ?"
        after = ""
        while rows := list(self._rows(query, experiment.id, after, _PAGE)):
            for row in rows:
                yield self._run(row, experiment.id)
            after = _text(rows[-1], "run_uuid")

    def points(self, run: MlflowRun, key: str) -> Iterator[MlflowPoint]:
        """Return the points of a metric."""
        query = "SELECT step, timestamp, value, is_nan FROM metrics WHERE run_uuid = ? AND key = ?"
        bad = 0
        for step, ms, value, is_nan in self._db.execute(query, (run.id, key)):
            try:  # SQLite lets a column of numbers hold anything
                yield point(step, ms, None if is_nan else value)
            except (ValueError, TypeError):
                bad += 1
        if bad:
            self._on_error(InvalidInput(f"{bad} rows of the metric {key!r} are no points", where=self.where))

    def files(self, run: MlflowRun) -> Iterator[File]:
        """Return the files of a run."""
        tail = f"{run.experiment}/{run.id}/artifacts"
        return self._files(run.place, tail)

    def logged_models(self, experiment: MlflowExperiment) -> Iterator[MlflowLoggedModel]:
        """Return the logged models of an experiment, by id; those that were deleted are not."""
        if "logged_models" not in self._tables:
            return
        query = "SELECT * FROM logged_models WHERE experiment_id = ? ORDER BY model_id"
        params = "SELECT param_key, param_value FROM logged_model_params WHERE model_id = ?"
        tags = "SELECT tag_key, tag_value FROM logged_model_tags WHERE model_id = ?"
        for row in self._rows(query, experiment.id):
            if _stage(row) == "deleted":
                continue
            status = row["status"]
            identity = _text(row, "model_id")
            yield MlflowLoggedModel(
                id=identity,
                experiment=experiment.id,
                name=_text(row, "name"),
                model_type=_text(row, "model_type"),
                run=_text(row, "source_run_id"),
                status=_MODEL_STATUS.get(status, str(status)) if isinstance(status, int) else str(status),
                params=self._pairs("logged_model_params", params, identity),
                tags=self._pairs("logged_model_tags", tags, identity),
                points=model_points(self._model_points(identity)),
                created=_number(row, "creation_timestamp_ms"),
                updated=_number(row, "last_updated_timestamp_ms"),
                place=_text(row, "artifact_location"),
            )

    def model_files(self, model: MlflowLoggedModel) -> Iterator[File]:
        """Return the files of a logged model."""
        tail = f"{model.experiment}/models/{model.id}/artifacts"
        return self._files(model.place, tail)

    def registered(self) -> Iterator[Registered]:
        """Return the registered models, by name."""
        if "registered_models" not in self._tables:
            return
        tags = "SELECT key, value FROM registered_model_tags WHERE name = ?"
        aliases = "SELECT alias, version FROM registered_model_aliases WHERE name = ?"
        for row in self._rows("SELECT * FROM registered_models ORDER BY name"):
            name = row["name"]
            yield Registered(
                name=_text(row, "name"),
                description=_text(row, "description"),
                tags=self._pairs("registered_model_tags", tags, name),
                created=_number(row, "creation_time"),
                updated=_number(row, "last_updated_time"),
                versions=list(self._versions(name)),
                aliases={
                    alias: int(version)
                    for alias, version in self._pairs("registered_model_aliases", aliases, name).items()
                    if version.isdecimal() and len(version) <= MAX_DIGITS
                },
            )

    def left_out(self) -> dict[str, int]:
        """Count what is not imported: traces."""
        tables = {"traces": "trace_info"}
        counts = {
            name: int(self._db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
            for name, table in tables.items()
            if table in self._tables
        }
        return {name: count for name, count in counts.items() if count}

    def fetch(self, file: File, draft: Path) -> Path:
        """Return the file itself."""
        del draft
        documents.opened(Path(file.place)).close()
        return Path(file.place)

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def _rows(self, query: str, *values: Any) -> Iterator[DatabaseRow]:
        for row in self._db.execute(query, values):
            yield dict(row)

    def _pairs(self, table: str, query: str, *values: Any) -> dict[str, str]:
        if table not in self._tables:
            return {}
        return {
            str(key): "" if value is None else str(value)
            for key, value in self._db.execute(f"{query} ORDER BY 1", values)
        }

    def _run(self, row: DatabaseRow, experiment: str) -> MlflowRun:
        identity = _text(row, "run_uuid")
        tags = self._pairs("tags", "SELECT key, value FROM tags WHERE run_uuid = ?", identity)
        keys = "SELECT key, 1 FROM latest_metrics WHERE run_uuid = ?"
        if "latest_metrics" not in self._tables:
            keys = "SELECT DISTINCT key, 1 FROM metrics WHERE run_uuid = ?"
        status = _text(row, "status")
        models, outputs = self._model_links(identity)
        return MlflowRun(
            id=identity,
            experiment=experiment,
            name=_text(row, "name") or tags.get("mlflow.runName", ""),
            user=_text(row, "user_id"),
            status=status if status in STATUSES else "FINISHED",
            start=_number(row, "start_time"),
            end=_number(row, "end_time") if row.get("end_time") is not None else None,
            stage=_stage(row),
            params=self._pairs("params", "SELECT key, value FROM params WHERE run_uuid = ?", identity),
            tags=tags,
            keys=list(self._pairs("metrics", keys, identity)),
            datasets=list(self._datasets(identity)),
            models=models,
            outputs=outputs,
            place=_text(row, "artifact_uri"),
        )

    def _datasets(self, run: str) -> Iterator[DatasetInput]:
        if not {"inputs", "datasets", "input_tags"} <= self._tables:
            return
        query = (
            "SELECT i.input_uuid, d.* FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id "
            "WHERE i.destination_id = ? AND i.source_type = 'DATASET' ORDER BY d.name, d.digest"
        )
        tags = "SELECT name, value FROM input_tags WHERE input_uuid = ?"
        for row in self._rows(query, run):
            yield DatasetInput(
                name=_text(row, "name"),
                digest=_text(row, "digest"),
                source_type=_text(row, "dataset_source_type"),
                source=_text(row, "dataset_source"),
                schema=row.get("dataset_schema"),
                profile=row.get("dataset_profile"),
                tags=self._pairs("input_tags", tags, row["input_uuid"]),
            )

    def _model_links(self, run: str) -> tuple[list[ModelLink], list[ModelLink]]:
        if "logged_models" not in self._tables or "inputs" not in self._tables:
            return [], []
        taken = "SELECT destination_id FROM inputs WHERE source_id = ? AND source_type = 'RUN_INPUT'"
        given = "SELECT * FROM inputs WHERE source_id = ? AND source_type = 'RUN_OUTPUT'"
        return (
            [ModelLink(model_id=_text(row, "destination_id")) for row in self._rows(taken, run)],
            [
                ModelLink(model_id=_text(row, "destination_id"), step=_number(row, "step"))
                for row in self._rows(given, run)
            ],
        )

    def _model_points(self, model: str) -> Iterator[MlflowModelPoint]:
        if "logged_model_metrics" not in self._tables:
            return
        for row in self._rows("SELECT * FROM logged_model_metrics WHERE model_id = ?", model):
            key, ms = _text(row, "metric_name"), _number(row, "metric_timestamp_ms")
            try:  # SQLite lets a column of numbers hold anything
                mlflow_point = point(_number(row, "metric_step"), ms, row["metric_value"])
            except (ValueError, TypeError):
                self._on_error(InvalidInput(f"a row of the metric {key!r} is no point", where=self.where))
                continue
            yield MlflowModelPoint(
                key=key,
                ms=mlflow_point.ms,
                step=mlflow_point.step,
                run=_text(row, "run_id"),
                value=mlflow_point.value,
                dataset_name=_text(row, "dataset_name"),
                dataset_digest=_text(row, "dataset_digest"),
            )

    def _versions(self, name: str) -> Iterator[MlflowVersion]:
        tags = "SELECT key, value FROM model_version_tags WHERE name = ? AND version = ?"
        for row in self._rows("SELECT * FROM model_versions WHERE name = ? ORDER BY version", name):
            if _text(row, "current_stage") == "Deleted_Internal":
                continue
            source = _text(row, "source")
            yield MlflowVersion(
                version=_number(row, "version"),
                source=source,
                run=_text(row, "run_id"),
                run_link=_text(row, "run_link"),
                logged_model=_text(row, "model_id") or logged_model_in(source),
                description=_text(row, "description"),
                tags=self._pairs("model_version_tags", tags, name, row["version"]),
                stage=_text(row, "current_stage") or "None",
                user=_text(row, "user_id"),
                created=_number(row, "creation_time"),
                updated=_number(row, "last_updated_time"),
            )

    def _files(self, location: str, tail: str) -> Iterator[File]:
        folder = self._roots.find(location, tail)
        if folder:
            return documents.walk(Path(folder), on_error=self._on_error)
        if refused := self._roots.elsewhere(location):
            self._on_error(refused)
        return iter(())


def _stage(row: DatabaseRow) -> str:
    return "deleted" if row.get("lifecycle_stage") == "deleted" else "active"


def _text(row: DatabaseRow, name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value)


def _number(row: DatabaseRow, name: str) -> int:
    value = row.get(name)
    return int(value) if isinstance(value, int | float) and math.isfinite(value) else 0
