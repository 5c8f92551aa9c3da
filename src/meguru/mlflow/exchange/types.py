"""What an MLflow store holds, whichever kind of store it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import msgspec

from meguru.errors import MeguruError
from meguru.mlflow.tracking.inputs import DatasetInput, ModelLink

LARGEST = 1.7976931348623157e308
LARGEST_INTEGER = 2**63 - 1
MAX_DIGITS = 9
"""Of the number of a version."""
IDENTITY = re.compile(r"[a-zA-Z0-9][\w-]{0,63}")
"""The id of a run or a logged model: it is a part of the paths of its files."""
OnError = Callable[[MeguruError], None]
"""Told of what could not be read or written; the rest goes on."""
TransferProgress = Callable[[str, int, int | None], None]
"""Told what is being moved, how much of it is done, and of how much where that is known."""
STATUSES = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")


class MlflowPoint(NamedTuple):
    """One measurement; None is NaN, and what is infinite is the largest finite number."""

    step: int
    ms: int
    value: float | None


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a run or a model; `place` is how its source finds it, `digest` is empty where unknown."""

    path: str
    size: int
    place: str = ""
    digest: str = ""


class MlflowExperiment(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment; moments are milliseconds since 1970."""

    id: str
    name: str
    stage: str
    created: int
    updated: int
    tags: dict[str, str] = {}


class MlflowRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run without its points and files; `keys` names its metrics, `place` is where its files are."""

    id: str
    experiment: str
    name: str
    user: str
    status: str
    start: int
    end: int | None
    stage: str
    params: dict[str, str] = {}
    tags: dict[str, str] = {}
    keys: list[str] = []
    datasets: list[DatasetInput] = []
    models: list[ModelLink] = []
    outputs: list[ModelLink] = []
    place: str = ""


class MlflowModelPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement of a logged model by a run, perhaps on a dataset; None is NaN."""

    key: str
    ms: int
    step: int
    run: str
    value: float | None
    dataset_name: str = ""
    dataset_digest: str = ""


class MlflowLoggedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model that a run saved."""

    id: str
    experiment: str
    name: str
    model_type: str
    run: str
    status: str
    params: dict[str, str] = {}
    tags: dict[str, str] = {}
    points: list[MlflowModelPoint] = []
    created: int
    updated: int
    place: str = ""


class MlflowVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a registered model."""

    version: int
    source: str
    run: str = ""
    run_link: str = ""
    logged_model: str = ""
    description: str = ""
    tags: dict[str, str] = {}
    stage: str = "None"
    user: str = ""
    created: int
    updated: int


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """A registered model with its versions by number, and where its aliases point."""

    name: str
    description: str = ""
    tags: dict[str, str] = {}
    created: int
    updated: int
    versions: list[MlflowVersion] = []
    aliases: dict[str, int] = {}


class MlflowSource(Protocol):
    """An MLflow store to read from: everything comes lazily, in an order that stays the same.

    What can't be read is told of by `on_error`, and does not end the reading.
    """

    where: str
    is_remote: bool

    def experiments(self) -> Iterator[MlflowExperiment]:
        """Return the experiments, those that are deleted too."""
        ...

    def count_runs(self) -> int | None:
        """Return how many runs there are, if that is cheap to tell."""
        ...

    def runs(self, experiment: MlflowExperiment) -> Iterator[MlflowRun]:
        """Return the runs of an experiment, those that are deleted too."""
        ...

    def points(self, run: MlflowRun, key: str) -> Iterator[MlflowPoint]:
        """Return all points of a metric, in any order; the same one may come twice."""
        ...

    def files(self, run: MlflowRun) -> Iterator[File]:
        """Return the files of a run."""
        ...

    def logged_models(self, experiment: MlflowExperiment) -> Iterator[MlflowLoggedModel]:
        """Return the logged models of an experiment."""
        ...

    def model_files(self, model: MlflowLoggedModel) -> Iterator[File]:
        """Return the files of a logged model."""
        ...

    def registered(self) -> Iterator[Registered]:
        """Return the registered models."""
        ...

    def left_out(self) -> dict[str, int]:
        """Count what is there and can't be imported, by kind."""
        ...

    def fetch(self, file: File, draft: Path) -> Path:
        """Return a local file with the content; `draft` is where to put it if it has to be downloaded."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


def point(step: Any, ms: Any, value: float | None) -> MlflowPoint:
    """Return a point as every store can hold it; ValueError for a step or a time that none can."""
    if not all(isinstance(each, int) and abs(each) <= LARGEST_INTEGER for each in (step, ms)):
        raise ValueError(step, ms)
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return MlflowPoint(step, ms, None)
    return MlflowPoint(step, ms, max(-LARGEST, min(LARGEST, float(value))))


def logged_model_in(source: str) -> str:
    """Return the id of the logged model that a version's source names."""
    name = source.removeprefix("models:/").rstrip("/")
    return name if source.startswith("models:/m-") and "/" not in name and "@" not in name else ""


def model_points(found: Iterable[MlflowModelPoint]) -> list[MlflowModelPoint]:
    """Return the points of a logged model in order, with values that every store can hold."""
    return sorted(
        (
            msgspec.structs.replace(model_point, value=point(0, 0, model_point.value).value)
            for model_point in found
        ),
        key=lambda each: (each.key, each.ms, each.step, each.run),
    )


def as_model(known: MlflowLoggedModel) -> dict[str, Any]:
    """Return what two logged models must have in common to be the same."""
    fields: dict[str, Any] = msgspec.to_builtins(known)
    for name in ("experiment", "place", "updated"):
        del fields[name]
    return fields


def as_run(known: MlflowRun) -> dict[str, Any]:
    """Return what two runs must have in common to be the same."""
    fields = msgspec.structs.asdict(known)
    fields["datasets"] = sorted(
        [
            dataset.name,
            dataset.digest,
            dataset.source_type,
            dataset.source,
            dataset.schema,
            dataset.profile,
            dataset.tags,
        ]
        for dataset in known.datasets
    )
    for name in ("models", "outputs"):
        fields[name] = sorted(each.model_id for each in fields[name])
    for name in ("experiment", "place"):
        del fields[name]
    fields["keys"] = sorted(known.keys)
    return fields
