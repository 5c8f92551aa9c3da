"""What every model flavor does: write a model as a folder of data, and load it without running code of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from meguru.flavors.signature import Signature
from meguru.tasks import RawAnswer, Task

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

Matrix: TypeAlias = "npt.NDArray[np.float64]"
Takes = Literal["matrix", "frame"]


class Predictor(Protocol):
    """A loaded model. It is not changed by predicting, so threads may share it.

    Attributes
    ----------
    signature
        The columns it takes, in order.
    task
        What it was asked to do: which outputs its raw answers become, and which outcomes they meet.
    takes
        ``"matrix"``: fastest with a float64 matrix in signature order, shape (rows, columns), NaN for null.
        ``"frame"``: wants a polars frame with the signature's columns and types.
    """

    signature: Signature
    task: Task
    takes: Takes

    def predict(self, data: Matrix | pl.DataFrame) -> RawAnswer:
        """Return the raw answer for rows, as its task says; `Task.answer` makes outputs of it.

        Binary: float64 of shape (rows,), the probability of the second class (or the decision value of a
        model that has no probabilities). Multiclass: shape (rows, classes). Regression: shape (rows,).
        """
        ...


class Flavor(Protocol):
    """One kind of model. Saving equal models twice gives byte-identical folders; loading never unpickles.

    Attributes
    ----------
    name
        As MLflow calls it.
    tasks
        The names of the tasks that its models do; empty for all that there are.
    """

    name: str
    tasks: frozenset[str]

    def can_save(self, model: Any) -> bool:
        """Say whether this flavor is the one for `model`; must not import the library to say no."""
        ...

    def task(self, model: Any, said: Task | None) -> Task:
        """Return what `model` does, with all that it knows of it itself, such as its classes.

        Parameters
        ----------
        model
            A model that this flavor can save.
        said
            What its author says it does; None: find it.

        Raises
        ------
        InvalidInput
            When the model can't do what is said, or does not tell what it does.
        """
        ...

    def save(self, model: Any, folder: Path, *, signature: Signature, task: Task) -> None:
        """Write `model` with its MLmodel file into `folder`, which exists.

        Raises
        ------
        UnsafeModel
            When a part of it could not be loaded again without running foreign code.
        """
        ...

    def load(self, folder: Path) -> Predictor:
        """Load the model that a folder holds.

        Raises
        ------
        UnsafeModel
            When loading it could run foreign code or crash the process.
        """
        ...
