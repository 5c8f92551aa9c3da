"""What every store that is written to can do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from meguru.mlflow.exchange.types import Experiment, LoggedModel, Point, Registered, Run, Version

Files = Iterable[tuple[str, Path]]


class Target(Protocol):
    """A store to write to; what it finds of a thing is under the id that the thing has here.

    Writing a thing that is there adds what it lacks. `version_of` returns a version as it is to be written.
    """

    def experiments(self) -> Iterator[Experiment]: ...  # noqa: D102 - the same words as of a source

    def experiment(self, each: Experiment) -> None: ...  # noqa: D102

    def find_run(self, of: Experiment, identity: str) -> Run | None: ...  # noqa: D102

    def points(self, run: Run, key: str) -> Iterator[Point]: ...  # noqa: D102

    def run_files(self, run: Run) -> dict[str, str]: ...  # noqa: D102

    def run(  # noqa: D102
        self, each: Run, of: Experiment, points: Iterable[tuple[str, Iterable[Point]]], files: Files
    ) -> None: ...

    def find_model(self, of: Experiment, identity: str) -> LoggedModel | None: ...  # noqa: D102

    def model_files(self, model: LoggedModel) -> dict[str, str]: ...  # noqa: D102

    def logged_model(self, each: LoggedModel, of: Experiment, files: Files) -> None: ...  # noqa: D102

    def find_registered(self, name: str) -> Registered | None: ...  # noqa: D102

    def registered(self, each: Registered) -> None: ...  # noqa: D102

    def version_files(self, name: str, version: int, files: Files) -> str: ...  # noqa: D102

    def version_of(self, version: Version) -> Version: ...  # noqa: D102

    def finish(self) -> None: ...  # noqa: D102

    def close(self) -> None: ...  # noqa: D102
