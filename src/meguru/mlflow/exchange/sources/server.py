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
from meguru.mlflow.exchange.replies import (
    ServerReply,
    as_float,
    number,
    object_of,
    objects,
    pairs,
    read_experiment,
    read_logged_model,
    read_run,
    read_version,
    text,
)
from meguru.mlflow.exchange.types import (
    File,
    MlflowExperiment,
    MlflowLoggedModel,
    MlflowPoint,
    MlflowRun,
    MlflowVersion,
    OnError,
    Registered,
    point,
)

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
            yield read_experiment(each)

    def experiment_named(self, name: str) -> MlflowExperiment | None:
        """Return the experiment of a name, also a deleted one; None if there is none."""
        try:
            found = self._client.get("/mlflow/experiments/get-by-name", experiment_name=name)
        except NotFound:
            return None
        return read_experiment(object_of(found, "experiment"))

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
            yield read_run(each)

    def run(self, identity: str) -> MlflowRun | None:
        """Return one run; None if there is none."""
        try:
            return read_run(self._client.get("/mlflow/runs/get", run_id=identity)["run"])
        except NotFound:
            return None

    def points(self, run: MlflowRun, key: str) -> Iterator[MlflowPoint]:
        """Return the points of a metric."""
        query = {"run_id": run.id, "metric_key": key, "max_results": _POINTS}
        while True:
            answer = self._client.get("/mlflow/metrics/get-history", **query)
            for each in objects(answer, "metrics"):
                yield point(number(each, "step"), number(each, "timestamp"), as_float(each.get("value")))
            token = _next(answer, query)
            if not token:
                return
            query["page_token"] = token

    def files(self, run: MlflowRun) -> Iterator[File]:
        """Return the files of a run."""

        def listed(path: str) -> list[ServerReply]:
            query = {"run_id": run.id} | ({"path": path} if path else {})
            return list(objects(self._client.get("/mlflow/artifacts/list", **query), "files"))

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
            found = object_of(self._client.get(f"/mlflow/logged-models/{quote(identity)}"), "model")
        except NotFound:
            return None
        return read_logged_model(found, text(object_of(found, "info"), "experiment_id"))

    def model_files(self, model: MlflowLoggedModel) -> Iterator[File]:
        """Return the files of a logged model."""
        one = f"/mlflow/logged-models/{quote(model.id)}/artifacts"

        def listed(path: str) -> list[ServerReply]:
            query = {"artifact_directory_path": path} if path else {}
            return list(objects(self._client.get(f"{one}/directories", **query), "files"))

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
            for each in objects(answer, "registered_models"):
                yield self._registered(each)
            token = _next(answer, query)
            if not token:
                return
            query["page_token"] = token

    def proxied_files(self, folder: str) -> Iterator[File]:
        """Return the files of a folder of the artifact proxy."""

        def listed(path: str) -> list[ServerReply]:
            whole = f"{folder}/{path}" if path else folder
            found = objects(self._client.get("/mlflow-artifacts/artifacts", path=whole), "files")
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
            yield read_logged_model(each, experiment.id)

    def _registered(self, each: ServerReply) -> Registered:
        name = text(each, "name")
        query: ServerReply = {"filter": _named(name), "max_results": 1000}
        versions: list[MlflowVersion] = []
        while True:
            answer = self._client.get("/mlflow/model-versions/search", **query)
            versions += [read_version(version) for version in objects(answer, "model_versions")]
            token = _next(answer, query)
            if not token:
                break
            query["page_token"] = token
        return Registered(
            name=name,
            description=text(each, "description"),
            tags=pairs(each, "tags"),
            created=number(each, "creation_timestamp"),
            updated=number(each, "last_updated_timestamp"),
            versions=sorted(versions, key=lambda version: version.version),
            aliases={
                text(pointer, "alias"): number(pointer, "version") for pointer in objects(each, "aliases")
            },
        )

    def _pages(self, path: str, name: str, **body: Any) -> Iterator[ServerReply]:
        while True:
            answer = self._client.post(path, **body)
            yield from objects(answer, name)
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
                path = text(each, "path")
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
                    yield File(path=path, size=number(each, "file_size"), place=target(path))


def _check_below(path: str, folder: str, depth: int, count: int) -> None:
    if (folder and not path.startswith(f"{folder}/")) or depth > MAX_DEPTH or count > MAX_FILES:
        raise InvalidInput(
            f"{path[:120]!r} can't be in the folder {folder[:120]!r}",
            why=f"a path lies below its folder, at most {MAX_DEPTH} deep, among {MAX_FILES:,} at most",
        )


def _named(name: str) -> str:
    quote_mark = '"' if "'" in name else "'"
    return f"name = {quote_mark}{name}{quote_mark}"


def _next(answer: ServerReply, asked: ServerReply) -> str:
    token = text(answer, "next_page_token")
    if token and token == asked.get("page_token"):
        raise InvalidInput("the server gives the same page again and again", why="its page token repeats")
    return token
