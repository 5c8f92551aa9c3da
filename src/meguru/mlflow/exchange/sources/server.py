"""Anything that speaks MLflow's protocol: its own server, ours, or a workspace in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from meguru.base.paths import check_foreign_path
from meguru.errors import InvalidInput, MeguruError, NotFound
from meguru.mlflow.exchange.documents import MAX_DEPTH, MAX_FILES
from meguru.mlflow.exchange.protocol import MlflowClient, proxied
from meguru.mlflow.exchange.types import (
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

ServerReply = dict[str, Any]
_RUNS, _POINTS, _MODELS = 200, 25_000, 100


class ServerSource:
    """Reads by MLflow's protocol."""

    is_remote = True

    def __init__(self, client: MlflowClient, *, on_error: OnError) -> None:
        self.where, self._client, self._on_error = client.where, client, on_error

    def experiments(self) -> Iterator[MlflowExperiment]:
        """Return the experiments by name."""
        found = self._pages(
            "/mlflow/experiments/search",
            "experiments",
            view_type="ALL",
            max_results=1000,
            order_by=["name ASC"],
        )
        for each in found:
            yield _experiment(each)

    def experiment_named(self, name: str) -> MlflowExperiment | None:
        """Return the experiment of a name, also a deleted one; None if there is none."""
        try:
            found = self._client.get("/mlflow/experiments/get-by-name", experiment_name=name)
        except NotFound:
            return None
        return _experiment(_object(found, "experiment"))

    def count_runs(self) -> int | None:
        """Return None: the protocol does not tell."""
        return None

    def runs(self, experiment: MlflowExperiment) -> Iterator[MlflowRun]:
        """Return the runs of an experiment, the oldest first."""
        found = self._pages(
            "/mlflow/runs/search",
            "runs",
            experiment_ids=[experiment.id],
            run_view_type="ALL",
            max_results=_RUNS,
            order_by=["attributes.start_time ASC"],
        )
        for each in found:
            yield _run(each)

    def run(self, identity: str) -> MlflowRun | None:
        """Return one run; None if there is none."""
        try:
            return _run(self._client.get("/mlflow/runs/get", run_id=identity)["run"])
        except NotFound:
            return None

    def points(self, run: MlflowRun, key: str) -> Iterator[MlflowPoint]:
        """Return the points of a metric."""
        query = {"run_id": run.id, "metric_key": key, "max_results": _POINTS}
        while True:
            answer = self._client.get("/mlflow/metrics/get-history", **query)
            for each in _objects(answer, "metrics"):
                yield point(_number(each, "step"), _number(each, "timestamp"), _float(each.get("value")))
            token = _next(answer, query)
            if not token:
                return
            query["page_token"] = token

    def files(self, run: MlflowRun) -> Iterator[File]:
        """Return the files of a run."""

        def listed(path: str) -> list[ServerReply]:
            query = {"run_id": run.id} | ({"path": path} if path else {})
            return list(_objects(self._client.get("/mlflow/artifacts/list", **query), "files"))

        def target(path: str) -> str:
            by_run = f"/get-artifact?{urlencode({'run_uuid': run.id, 'path': path})}"
            return proxied(run.place, path) or by_run

        return self._walk(listed, target)

    def logged_models(self, experiment: MlflowExperiment) -> Iterator[MlflowLoggedModel]:
        """Return the logged models of an experiment, the oldest first."""
        try:
            yield from self._logged_models(experiment)
        except NotFound:
            return  # a server before MLflow 3 has none

    def logged_model(self, identity: str) -> MlflowLoggedModel | None:
        """Return one logged model; None if there is none."""
        try:
            found = _object(self._client.get(f"/mlflow/logged-models/{quote(identity)}"), "model")
        except NotFound:
            return None
        return _logged_model(found, _text(_object(found, "info"), "experiment_id"))

    def model_files(self, model: MlflowLoggedModel) -> Iterator[File]:
        """Return the files of a logged model."""
        one = f"/mlflow/logged-models/{quote(model.id)}/artifacts"

        def listed(path: str) -> list[ServerReply]:
            query = {"artifact_directory_path": path} if path else {}
            return list(_objects(self._client.get(f"{one}/directories", **query), "files"))

        def target(path: str) -> str:
            by_model = f"/ajax-api/2.0{one}/files?{urlencode({'artifact_file_path': path})}"
            return proxied(model.place, path) or by_model

        return self._walk(listed, target)

    def registered(self, name: str = "") -> Iterator[Registered]:
        """Return the registered models by name, or the one that is called so."""
        query: ServerReply = {"max_results": _MODELS, "order_by": ["name ASC"]}
        if name:
            query["filter"] = _named(name)
        while True:
            answer = self._client.get("/mlflow/registered-models/search", **query)
            for each in _objects(answer, "registered_models"):
                yield self._registered(each)
            token = _next(answer, query)
            if not token:
                return
            query["page_token"] = token

    def proxied_files(self, folder: str) -> Iterator[File]:
        """Return the files of a folder of the artifact proxy."""

        def listed(path: str) -> list[ServerReply]:
            whole = f"{folder}/{path}" if path else folder
            found = _objects(self._client.get("/mlflow-artifacts/artifacts", path=whole), "files")
            return [
                each | {"path": f"{path}/{each.get('path')}" if path else each.get("path")} for each in found
            ]

        return self._walk(listed, lambda path: proxied(f"mlflow-artifacts:/{folder}", path))

    def left_out(self) -> dict[str, int]:
        """Return nothing: the protocol does not tell."""
        return {}

    def fetch(self, file: File, draft: Path) -> Path:
        """Download a file; one that is longer than its list says is refused."""
        return self._client.download(file.place, draft, most=file.size)

    def close(self) -> None:
        """Close the connections."""
        self._client.caller.close()

    def _logged_models(self, experiment: MlflowExperiment) -> Iterator[MlflowLoggedModel]:
        found = self._pages(
            "/mlflow/logged-models/search",
            "models",
            experiment_ids=[experiment.id],
            max_results=50,
            order_by=[{"field_name": "creation_time", "ascending": True}],
        )
        for each in found:
            yield _logged_model(each, experiment.id)

    def _registered(self, each: ServerReply) -> Registered:
        name = _text(each, "name")
        query: ServerReply = {"filter": _named(name), "max_results": 1000}
        versions: list[MlflowVersion] = []
        while True:
            answer = self._client.get("/mlflow/model-versions/search", **query)
            versions += [_version(version) for version in _objects(answer, "model_versions")]
            token = _next(answer, query)
            if not token:
                break
            query["page_token"] = token
        return Registered(
            name=name,
            description=_text(each, "description"),
            tags=_pairs(each, "tags"),
            created=_number(each, "creation_timestamp"),
            updated=_number(each, "last_updated_timestamp"),
            versions=sorted(versions, key=lambda version: version.version),
            aliases={
                _text(pointer, "alias"): _number(pointer, "version") for pointer in _objects(each, "aliases")
            },
        )

    def _pages(self, path: str, name: str, **body: Any) -> Iterator[ServerReply]:
        while True:
            answer = self._client.post(path, **body)
            yield from _objects(answer, name)
            token = _next(answer, body)
            if not token:
                return
            body["page_token"] = token

    def _walk(
        self, listed: Callable[[str], list[ServerReply]], target: Callable[[str], str]
    ) -> Iterator[File]:
        waiting, count = [("", 0)], 0
        while waiting:
            folder, depth = waiting.pop()
            for each in listed(folder):
                path = _text(each, "path")
                count += 1
                try:
                    check_foreign_path(path)
                    _check_below(path, folder, depth, count)
                except MeguruError as error:
                    self._on_error(error)
                    continue
                if each.get("is_dir"):
                    waiting.append((path, depth + 1))
                else:
                    yield File(path=path, size=_number(each, "file_size"), place=target(path))


def _check_below(path: str, folder: str, depth: int, count: int) -> None:
    if (folder and not path.startswith(f"{folder}/")) or depth > MAX_DEPTH or count > MAX_FILES:
        raise InvalidInput(
            f"{path[:120]!r} can't be in the folder {folder[:120]!r}",
            why=f"a path lies below its folder, at most {MAX_DEPTH} deep, among {MAX_FILES:,} at most",
        )


def _experiment(each: ServerReply) -> MlflowExperiment:
    return MlflowExperiment(
        id=_text(each, "experiment_id"),
        name=_text(each, "name"),
        stage=_stage(each),
        created=_number(each, "creation_time"),
        updated=_number(each, "last_update_time"),
        tags=_pairs(each, "tags"),
    )


def _logged_model(each: ServerReply, experiment: str) -> MlflowLoggedModel:
    info, data = _object(each, "info"), _object(each, "data")
    return MlflowLoggedModel(
        id=_text(info, "model_id"),
        experiment=experiment,
        name=_text(info, "name"),
        model_type=_text(info, "model_type"),
        run=_text(info, "source_run_id"),
        status=_text(info, "status"),
        params=_pairs(data, "params"),
        tags=_pairs(info, "tags"),
        points=model_points(_model_point(point) for point in _objects(data, "metrics")),
        created=_number(info, "creation_timestamp_ms"),
        updated=_number(info, "last_updated_timestamp_ms"),
        place=_text(info, "artifact_uri"),
    )


def _model_point(each: ServerReply) -> MlflowModelPoint:
    return MlflowModelPoint(
        key=_text(each, "key"),
        ms=_number(each, "timestamp"),
        step=_number(each, "step"),
        run=_text(each, "run_id"),
        value=_float(each.get("value")),
        dataset_name=_text(each, "dataset_name"),
        dataset_digest=_text(each, "dataset_digest"),
    )


def _run(each: ServerReply) -> MlflowRun:
    info, data = _object(each, "info"), _object(each, "data")
    taken, given = _object(each, "inputs"), _object(each, "outputs")
    tags = _pairs(data, "tags")
    status = _text(info, "status")
    return MlflowRun(
        id=_text(info, "run_id") or _text(info, "run_uuid"),
        experiment=_text(info, "experiment_id"),
        name=_text(info, "run_name") or tags.get("mlflow.runName", ""),
        user=_text(info, "user_id"),
        status=status if status in STATUSES else "FINISHED",
        start=_number(info, "start_time"),
        end=_number(info, "end_time") or None,
        stage=_stage(info),
        params=_pairs(data, "params"),
        tags=tags,
        keys=[_text(metric, "key") for metric in _objects(data, "metrics")],
        datasets=[_dataset(dataset) for dataset in _objects(taken, "dataset_inputs")],
        models=[ModelLink(model_id=_text(link, "model_id")) for link in _objects(taken, "model_inputs")],
        outputs=[
            ModelLink(model_id=_text(link, "model_id"), step=_number(link, "step"))
            for link in _objects(given, "model_outputs")
        ],
        place=_text(info, "artifact_uri"),
    )


def _dataset(each: ServerReply) -> DatasetInput:
    known = _object(each, "dataset")
    return DatasetInput(
        name=_text(known, "name"),
        digest=_text(known, "digest"),
        source_type=_text(known, "source_type"),
        source=_text(known, "source"),
        schema=known.get("schema"),
        profile=known.get("profile"),
        tags=_pairs(each, "tags"),
    )


def _version(each: ServerReply) -> MlflowVersion:
    source = _text(each, "source")
    return MlflowVersion(
        version=_number(each, "version"),
        source=source,
        run=_text(each, "run_id"),
        run_link=_text(each, "run_link"),
        logged_model=_text(each, "model_id") or logged_model_in(source),
        description=_text(each, "description"),
        tags=_pairs(each, "tags"),
        stage=_text(each, "current_stage") or "None",
        user=_text(each, "user_id"),
        created=_number(each, "creation_timestamp"),
        updated=_number(each, "last_updated_timestamp"),
    )


def _named(name: str) -> str:
    quote_mark = '"' if "'" in name else "'"
    return f"name = {quote_mark}{name}{quote_mark}"


def _next(answer: ServerReply, asked: ServerReply) -> str:
    token = _text(answer, "next_page_token")
    if token and token == asked.get("page_token"):
        raise InvalidInput("the server gives the same page again and again", why="its page token repeats")
    return token


def _object(each: ServerReply, name: str) -> ServerReply:
    value = each.get(name)
    return value if isinstance(value, dict) else {}


def _objects(each: ServerReply, name: str) -> Iterator[ServerReply]:
    value = each.get(name)
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())


def _pairs(each: ServerReply, name: str) -> dict[str, str]:
    return {_text(pair, "key"): _text(pair, "value") for pair in _objects(each, name)}


def _text(each: ServerReply, name: str) -> str:
    value = each.get(name)
    return "" if value is None or isinstance(value, dict | list) else str(value)


def _number(each: ServerReply, name: str) -> int:
    value = each.get(name)
    if isinstance(value, str) and value.lstrip("-").isdecimal() and len(value) < 20:
        return int(value)
    return int(value) if isinstance(value, int | float) and value == value else 0  # noqa: PLR0124


def _float(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _stage(each: ServerReply) -> str:
    return "deleted" if _text(each, "lifecycle_stage") == "deleted" else "active"
