"""What the flavors of boosting libraries share: one file of their own, looked through before it is read.

A model is asked with a float64 matrix in signature order, unless a column is no number or has categories:
then with a frame as it was trained on, from which the library numbers the categories.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
import numpy as np

from meguru.errors import InvalidInput, UnsafeModel
from meguru.flavors import columns, mlmodel, model_files, pickles
from meguru.flavors.base import Matrix, Takes
from meguru.flavors.signature import NUMERIC, Signature
from meguru.flavors.task_resolution import resolve_task
from meguru.tasks import Task

if TYPE_CHECKING:
    import polars as pl

Score = Callable[[Any], Any]


class BoostedFlavor(ABC):
    """The frame of a flavor; a member says where its library differs."""

    name: ClassVar[str]
    takes_missing: ClassVar[bool] = True
    """Boosted trees have a way for missing values, so any column of theirs may be null."""
    file: ClassVar[str]
    packages: ClassVar[tuple[str, ...]]
    classes: ClassVar[dict[str, str]]
    """The library's classes that are stored, and the module of each as MLmodel names it."""
    max_bytes: ClassVar[int] = 2 << 30

    @abstractmethod
    def can_save(self, model: Any) -> bool:
        """Say whether it is one of the library's own models."""

    @abstractmethod
    def found(self, model: Any) -> Task:
        """Return the task that the model itself tells."""

    @abstractmethod
    def names(self, model: Any) -> list[str]:
        """Return the names of the columns it was trained on; none when it was trained on a matrix."""

    @abstractmethod
    def width(self, model: Any) -> int:
        """Return how many columns it takes."""

    @abstractmethod
    def written(self, model: Any) -> tuple[bytes, dict[str, Any]]:
        """Return the model's file, and the settings that stand beside it in MLmodel."""

    @abstractmethod
    def read(self, kind: str, data: bytes, settings: dict[str, Any], where: str) -> Any:
        """Return the model of a class of `classes` after looking through its file."""

    @abstractmethod
    def score(self, model: Any, task: Task) -> Score:
        """Return the call that gives the raw answers of a task."""

    def takes(self, model: Any, signature: Signature) -> Takes:  # noqa: ARG002 (a member may ask the model)
        """Return what the model is asked with; InvalidInput when the example does not tell."""
        return takes_of(signature)

    def task(self, model: Any, said: Task | None) -> Task:
        """Return the task that is said, or found."""
        return resolve_task(said, self.found(model))

    def save(self, model: Any, folder: Path, *, signature: Signature, task: Task) -> None:
        """Write the library's file with its MLmodel file."""
        columns.check_names(self.names(model), signature)
        data, settings = self.written(model)
        (folder / self.file).write_bytes(data)
        mlmodel.write_environment(folder, [name for name in self.packages if _installed(name)])
        kind = type(model).__name__
        options = {"code": None, "data": self.file, "model_class": f"{self.classes[kind]}.{kind}"}
        mlmodel.write(
            folder,
            flavor=self.name,
            options=options | settings,
            signature=signature,
            task=task,
            takes=self.takes(model, signature),
            file=self.file,
        )

    def load(self, folder: Path) -> BoostedPredictor:
        """Load the model of a folder."""
        pickles.refuse_pickles(folder)
        said = mlmodel.read(folder, [self.name])
        path = model_files.named_file(folder, said.options.get("data", self.file))
        kind = self._class(self.class_said(said.options, folder), folder)
        model = self.read(kind, model_files.read_bounded(path, self.max_bytes), said.options, str(path))
        # The libraries read as many columns as the model was trained on from whatever row they are given,
        # some without a look at its length.
        if self.width(model) != len(said.signature.inputs):
            why = (
                f"the model takes {self.width(model)} columns, its signature has {len(said.signature.inputs)}"
            )
            raise UnsafeModel("the model does not fit its signature", where=str(folder), why=why)
        task = self.task(model, said.task)
        signature = msgspec.structs.replace(said.signature, outputs=task.outputs())
        takes = said.takes or self.takes(model, signature)
        return BoostedPredictor(model, self.score(model, task), signature, task, takes)

    def class_said(self, options: dict[str, Any], folder: Path) -> Any:  # noqa: ARG002 (for the message)
        """Return the class that MLmodel names, with its module; MLflow names it differently by library."""
        return options.get("model_class")

    def _class(self, said: Any, folder: Path) -> str:
        for kind, module in self.classes.items():
            if said == f"{module}.{kind}":
                return kind
        raise UnsafeModel(
            f"MLmodel names a class that is none of {self.name}'s models",
            where=str(folder / mlmodel.FILE),
            field=f"flavors.{self.name}.model_class",
            why=f"{str(said)[:80]!r} is not among {', '.join(self.classes)}",
        )


class BoostedPredictor:
    """A loaded model."""

    def __init__(self, model: Any, score: Score, signature: Signature, task: Task, takes: Takes) -> None:
        self.model, self.signature, self.task, self.takes = model, signature, task, takes
        self._score = score

    def predict(self, data: Matrix | pl.DataFrame) -> Matrix:
        """Return the raw answer for rows."""
        answer = self._score(columns.estimator_input(self.signature, data, self.takes))
        return np.asarray(answer, dtype=np.float64)


def takes_of(signature: Signature) -> Takes:
    """Return what a model of a matrix or of categories takes.

    Raises
    ------
    InvalidInput
        When a column is no number, and no frame tells the categories that stand for it.
    """
    frame = signature.frame
    if signature.numeric and not (frame and frame.categories):
        return "matrix"
    texts = [column.name for column in signature.inputs if column.type not in NUMERIC]
    unknown = [name for name in texts if not frame or name not in frame.categories]
    if unknown or frame is None or frame.kind != "pandas":
        raise InvalidInput(
            f"the column {(unknown or texts or list(signature.names))[0]!r} has no categories",
            field="example",
            why="boosted trees split by numbers and by categories of a pandas frame",
            hint="pass the pandas frame that the model was trained on as the example",
        )
    return "frame"


def _installed(package: str) -> bool:
    from importlib.metadata import PackageNotFoundError, version

    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True
