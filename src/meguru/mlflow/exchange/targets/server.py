"""An MLflow server that is written by its protocol; it gives its own ids, and tags keep ours."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from meguru.base import digests
from meguru.errors import InvalidInput, NotFound
from meguru.mlflow.exchange.protocol import MlflowClient, proxied
from meguru.mlflow.exchange.sources.server import ServerSource
from meguru.mlflow.exchange.targets.base import NamedFiles
from meguru.mlflow.exchange.types import (
    File,
    MlflowExperiment,
    MlflowLoggedModel,
    MlflowPoint,
    MlflowRun,
    MlflowVersion,
    OnError,
    Registered,
    model_points,
)

RUN, MODEL = "meguru.run", "meguru.logged_model"
_METRICS, _TEXTS = 1000, 100


class ServerTarget:
    """Writes what is not there; a run is found again by a tag that names it here."""

    def __init__(self, client: MlflowClient, *, on_error: OnError) -> None:
        self.where, self._client, self._on_error = client.where, client, on_error
        self._source = ServerSource(client, on_error=on_error)
        self._experiments: dict[str, MlflowExperiment] = {}
        self._runs: dict[str, MlflowRun] = {}
        self._models: dict[str, MlflowLoggedModel] = {}
        self._listed: set[str] = set()
        self._opened: list[str] = []

    def experiments(self) -> Iterator[MlflowExperiment]:
        """Return the experiments that are there."""
        return self._source.experiments()

    def experiment(self, each: MlflowExperiment) -> None:
        """Make an experiment, if there is none of its name; one that was deleted is opened until the end."""
        known = self._source.experiment_named(each.name)
        if known is None:
            tags = [{"key": key, "value": value} for key, value in each.tags.items()]
            identity = str(
                self._client.post("/mlflow/experiments/create", name=each.name, tags=tags)["experiment_id"]
            )
        else:
            identity = known.id
            if known.stage == "deleted":
                self._client.post("/mlflow/experiments/restore", experiment_id=identity)
            for key, value in each.tags.items():
                if key not in known.tags:
                    tag = {"experiment_id": identity, "key": key, "value": value}
                    self._client.post("/mlflow/experiments/set-experiment-tag", **tag)
        if each.stage == "deleted":
            self._opened.append(identity)
        self._experiments[each.id] = msgspec.structs.replace(each, id=identity)

    def find_run(self, of: MlflowExperiment, identity: str) -> MlflowRun | None:
        """Return a run that was sent, as it is there, under its id here."""
        run = self._search(of, f"tags.`{RUN}` = '{identity}'")
        if run is None:
            return None
        self._runs[identity] = run
        tags = {key: value for key, value in run.tags.items() if key != RUN}
        return msgspec.structs.replace(run, id=identity, tags=tags)

    def points(self, run: MlflowRun, key: str) -> Iterator[MlflowPoint]:
        """Return the points of a metric that are there."""
        return self._source.points(self._runs[run.id], key)

    def run_files(self, run: MlflowRun) -> dict[str, str]:
        """Return the digests of a run's files, as they can be downloaded."""
        return self._digests(self._source.files(self._runs[run.id]))

    def run(
        self,
        each: MlflowRun,
        of: MlflowExperiment,
        points: Iterable[tuple[str, Iterable[MlflowPoint]]],
        files: NamedFiles,
    ) -> None:
        """Write a run, or what one that is there lacks."""
        mlflow_run = self._runs.get(each.id)
        if mlflow_run is None:
            tags = [{"key": key, "value": value} for key, value in (each.tags | {RUN: each.id}).items()]
            made = self._client.post(
                "/mlflow/runs/create",
                experiment_id=self._experiments[of.id].id,
                run_name=each.name,
                user_id=each.user,
                start_time=each.start,
                tags=tags,
            )
            identity, root = str(made["run"]["info"]["run_id"]), str(made["run"]["info"]["artifact_uri"])
        else:
            identity, root = mlflow_run.id, mlflow_run.place
            if mlflow_run.stage == "deleted":
                self._client.post("/mlflow/runs/restore", run_id=identity)
        self._log(identity, each, points)
        self._upload(root, files)
        ended = {} if each.end is None else {"end_time": each.end}
        self._client.post("/mlflow/runs/update", run_id=identity, status=each.status, **ended)
        if each.stage == "deleted":
            self._client.post("/mlflow/runs/delete", run_id=identity)

    def find_model(self, of: MlflowExperiment, identity: str) -> MlflowLoggedModel | None:
        """Return a logged model that was sent, as it is there, under its id here."""
        if of.id not in self._listed:
            # Listed once an experiment: the protocol finds none by a tag on every server.
            for listed in self._source.logged_models(self._experiments[of.id]):
                if mine := listed.tags.get(MODEL):
                    self._models.setdefault(mine, listed)
            self._listed.add(of.id)  # not before: what a list that broke off lacks would be sent twice
        model = self._models.get(identity)
        if model is None:
            return None
        ours = {there.id: mine for mine, there in self._runs.items()}
        points = [
            msgspec.structs.replace(point, run=ours.get(point.run, point.run)) for point in model.points
        ]
        return msgspec.structs.replace(
            model,
            id=identity,
            tags={key: value for key, value in model.tags.items() if key != MODEL},
            run=ours.get(model.run, model.run),
            points=model_points(points),
        )

    def model_files(self, model: MlflowLoggedModel) -> dict[str, str]:
        """Return the digests of a logged model's files, as they can be downloaded."""
        return self._digests(self._source.model_files(self._models[model.id]))

    def logged_model(self, each: MlflowLoggedModel, of: MlflowExperiment, files: NamedFiles) -> None:
        """Write a logged model, and tell its run of it."""
        run, model = self._runs.get(each.run), self._models.get(each.id)
        if model is None:
            made = self._client.post(
                "/mlflow/logged-models",
                experiment_id=self._experiments[of.id].id,
                name=each.name,
                model_type=each.model_type,
                source_run_id=run.id if run else "",
                params=[{"key": key, "value": value} for key, value in each.params.items()],
                tags=[{"key": key, "value": value} for key, value in (each.tags | {MODEL: each.id}).items()],
            )
            info = made["model"]["info"]
            identity, root, status = str(info["model_id"]), str(info["artifact_uri"]), str(info["status"])
        else:
            identity, root, status = model.id, model.place, model.status
        self._log_points(identity, each)
        self._upload(root, files)
        if each.status != status:
            path = f"/mlflow/logged-models/{quote(identity)}"
            self._client.send("PATCH", path, model_id=identity, status=each.status)
        if run and run.stage != "deleted":
            links = [{"model_id": identity, "step": 0}]
            self._client.post("/mlflow/runs/outputs", run_id=run.id, models=links)
        if (written := self._source.logged_model(identity)) is not None:
            self._models[each.id] = written

    def _log_points(self, identity: str, each: MlflowLoggedModel) -> None:
        """Tell the runs that measured a model of it; the points themselves they have."""
        by_run: dict[str, list[dict[str, Any]]] = {}
        for point in each.points:
            run = self._runs.get(point.run)
            if run is None or run.stage == "deleted":
                continue
            shown = {"key": point.key, "timestamp": point.ms, "step": point.step, "model_id": identity}
            shown["value"] = "NaN" if point.value is None else point.value
            dataset = {"dataset_name": point.dataset_name, "dataset_digest": point.dataset_digest}
            by_run.setdefault(run.id, []).append(shown | (dataset if point.dataset_digest else {}))
        for run_id, points in by_run.items():
            rest = iter(points)
            while batch := list(islice(rest, _METRICS)):
                self._client.post("/mlflow/runs/log-batch", run_id=run_id, metrics=batch)

    def find_registered(self, name: str) -> Registered | None:
        """Return a registered model that is there."""
        return next(self._source.registered(name), None)

    def registered(self, each: Registered) -> None:
        """Write a registered model; its versions get the numbers they have here."""
        known = self.find_registered(each.name)
        if known is None:
            tags = [{"key": key, "value": value} for key, value in each.tags.items()]
            self._client.post(
                "/mlflow/registered-models/create", name=each.name, tags=tags, description=each.description
            )
        held = {version.version for version in known.versions} if known else set()
        for version in each.versions:
            if version.version not in held:
                self._version(each.name, version)
        aliases = known.aliases if known else {}
        for alias, number in each.aliases.items():
            if alias not in aliases:
                pointer = {"name": each.name, "alias": alias, "version": str(number)}
                self._client.post("/mlflow/registered-models/alias", **pointer)

    def version_files(self, name: str, version: int, files: NamedFiles) -> str:
        """Keep the files of a version that belong to no run and no logged model; return where they are."""
        root = f"mlflow-artifacts:/meguru-versions/{quote(name)}/{version}"
        self._upload(root, files)
        return root

    def version_of(self, version: MlflowVersion) -> MlflowVersion:
        """Return a version with its run, its logged model and its source as they are called there."""
        run, model = self._runs.get(version.run), self._models.get(version.logged_model)
        source = version.source
        if model is not None:
            source = source.replace(version.logged_model, model.id)
        if run is not None:
            tail = source.partition(f"/{version.run}/artifacts")[2]
            proxied_run = source.startswith("mlflow-artifacts:") and tail
            source = f"{run.place}{tail}" if proxied_run else source.replace(version.run, run.id)
        return msgspec.structs.replace(
            version,
            source=source,
            run=run.id if run else "",
            logged_model=model.id if model else "",
        )

    def close(self) -> None:
        """Close the connections, in the end."""
        try:
            self.finish()
        finally:
            self._source.close()

    def finish(self) -> None:
        """Delete again the experiments that were opened."""
        for identity in self._opened:
            self._client.post("/mlflow/experiments/delete", experiment_id=identity)
        self._opened.clear()

    def _search(self, of: MlflowExperiment, asked: str) -> MlflowRun | None:
        answer = self._client.post(
            "/mlflow/runs/search",
            experiment_ids=[self._experiments[of.id].id],
            filter=asked,
            run_view_type="ALL",
            max_results=1,
        )
        for each in answer.get("runs", []):
            return self._source.run(str(each["info"]["run_id"]))
        return None

    def _log(
        self, identity: str, each: MlflowRun, points: Iterable[tuple[str, Iterable[MlflowPoint]]]
    ) -> None:
        for name, values in (("params", each.params), ("tags", each.tags)):
            pairs = ({"key": key, "value": value} for key, value in values.items())
            while some := list(islice(pairs, _TEXTS)):
                self._client.post("/mlflow/runs/log-batch", run_id=identity, **{name: some})
        rows = (
            {"key": key, "value": "NaN" if value is None else value, "timestamp": ms, "step": step}
            for key, some in points
            for step, ms, value in some
        )
        while batch := list(islice(rows, _METRICS)):
            self._client.post("/mlflow/runs/log-batch", run_id=identity, metrics=batch)
        if each.datasets:
            self._client.post(
                "/mlflow/runs/log-inputs",
                run_id=identity,
                datasets=[_input(dataset) for dataset in each.datasets],
            )

    def _upload(self, root: str, files: NamedFiles) -> None:
        for path, source in files:
            target = proxied(root, path)
            if not target:
                self._on_error(
                    InvalidInput(
                        "files can't be sent: this server does not take them itself",
                        where=root,
                        hint="start it with --serve-artifacts",
                    )
                )
                return
            self._client.upload(target, source)

    def _digests(self, files: Iterator[File]) -> dict[str, str]:
        found = {}
        with tempfile.TemporaryDirectory(prefix="meguru-export-") as folder:
            for file in files:
                try:
                    found[file.path] = digests.of_file(self._source.fetch(file, Path(folder) / "draft"))
                except NotFound as error:
                    self._on_error(error)
        return found

    def _version(self, name: str, version: MlflowVersion) -> None:
        while True:
            made = self._client.post(
                "/mlflow/model-versions/create",
                name=name,
                source=version.source,
                run_id=version.run,
                run_link=version.run_link,
                model_id=version.logged_model,
                description=version.description,
                tags=[{"key": key, "value": value} for key, value in version.tags.items()],
            )
            number = int(made["model_version"]["version"])
            if number >= version.version:
                break
            self._client.send("DELETE", "/mlflow/model-versions/delete", name=name, version=str(number))
        if number != version.version:
            self._on_error(InvalidInput(f"version {version.version} of {name!r} became version {number}"))
        if version.stage != "None":
            self._client.post(
                "/mlflow/model-versions/transition-stage",
                name=name,
                version=str(number),
                stage=version.stage,
                archive_existing_versions=False,
            )


def _input(each: Any) -> dict[str, Any]:
    dataset = {name: getattr(each, name) for name in ("name", "digest", "source_type", "source")}
    dataset |= {name: value for name in ("schema", "profile") if (value := getattr(each, name)) is not None}
    return {"tags": [{"key": key, "value": value} for key, value in each.tags.items()], "dataset": dataset}
