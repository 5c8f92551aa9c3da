"""What every store that is written to can do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from meguru.mlflow.exchange.types import (
    MlflowExperiment,
    MlflowLoggedModel,
    MlflowPoint,
    MlflowRun,
    MlflowVersion,
    Registered,
)

NamedFiles = Iterable[tuple[str, Path]]


class MlflowTarget(Protocol):
    """A store to write to; what it finds of a thing is under the id that the thing has here.

    Writing a thing that is there adds what it lacks. `version_of` returns a version as it is to be written.
    """

    def experiments(self) -> Iterator[MlflowExperiment]: ...  # noqa: D102 - the same words as of a source

    def experiment(self, each: MlflowExperiment) -> None: ...  # noqa: D102

    def find_run(self, of: MlflowExperiment, identity: str) -> MlflowRun | None: ...  # noqa: D102

    def points(self, run: MlflowRun, key: str) -> Iterator[MlflowPoint]: ...  # noqa: D102

    def run_files(self, run: MlflowRun) -> dict[str, str]: ...  # noqa: D102

    def run(  # noqa: D102
        self,
        each: MlflowRun,
        of: MlflowExperiment,
        points: Iterable[tuple[str, Iterable[MlflowPoint]]],
        files: NamedFiles,
    ) -> None: ...

    def find_model(self, of: MlflowExperiment, identity: str) -> MlflowLoggedModel | None: ...  # noqa: D102

    def model_files(self, model: MlflowLoggedModel) -> dict[str, str]: ...  # noqa: D102

    def logged_model(self, each: MlflowLoggedModel, of: MlflowExperiment, files: NamedFiles) -> None: ...  # noqa: D102

    def find_registered(self, name: str) -> Registered | None: ...  # noqa: D102

    def registered(self, each: Registered) -> None: ...  # noqa: D102

    def version_files(self, name: str, version: int, files: NamedFiles) -> str: ...  # noqa: D102

    def version_of(self, version: MlflowVersion) -> MlflowVersion: ...  # noqa: D102

    def finish(self) -> None: ...  # noqa: D102

    def close(self) -> None: ...  # noqa: D102
