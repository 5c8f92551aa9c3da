"""`FunctionModel`: code of the project as a model, with what it needs beside itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class FunctionModel:
    """A function or a class of the project, to be the `estimator` of a `meguru.Model`.

    Parameters
    ----------
    target
        A function that takes rows and returns answers; a class with a method ``predict`` that does; or an
        object of such a class, whose state is kept as a pickle that only its host loads.
    files
        Files that it needs, as paths, or by the name under which it finds them. A class is made with their
        folder as the argument ``files``; a function is given it as such.
    arguments
        What a class is made with beside that, as JSON values.
    env
        The lock file of its environment; without one it runs in that of the step that made it, else of the
        server.
    takes
        What the rows are given as: ``"polars"``, ``"pandas"``, ``"numpy"`` or ``"rows"`` (a list of dicts).
        By default as the annotation of its argument says, else as the example of the model is.
    """

    target: Any
    files: list[str | Path] | dict[str, str | Path] = field(default_factory=list)
    arguments: dict[str, Any] = field(default_factory=dict)
    env: str = ""
    takes: str = ""

    @property
    def named_files(self) -> dict[str, Path]:
        """The files by the names under which they are found."""
        if isinstance(self.files, dict):
            return {name: Path(path) for name, path in self.files.items()}
        return {Path(path).name: Path(path) for path in self.files}
