"""One of several classes: the likeliest, and the probability of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from meguru.errors import InvalidInput
from meguru.tasks.base import (
    Label,
    ModelOutput,
    OutputType,
    RawAnswer,
    Task,
    check_classes,
    codes,
    names_of,
    shaped,
)

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl


class Multiclass(Task, frozen=True, kw_only=True):
    """Raw answers are ``(rows, classes)``, a probability (or another value that grows with it) for each.

    Attributes
    ----------
    classes
        In the order of the columns; found from the estimator where it knows them.
    """

    key: ClassVar[str] = "multiclass"
    metrics: ClassVar[tuple[str, ...]] = ("log_loss", "accuracy", "balanced_accuracy", "f1_macro")
    has_number: ClassVar[bool] = False

    classes: tuple[Label, ...] = ()

    def check(self) -> None:
        """Refuse classes that can't be told apart; none yet means that the estimator will say."""
        if self.classes:
            check_classes(self.classes, least=2)

    def outputs(self) -> tuple[ModelOutput, ...]:
        """Return the class, and the probabilities by class."""
        return (
            ModelOutput(name="label", type=label_type(self.classes)),
            ModelOutput(name="probabilities", shape=(len(self.classes),), labels=names_of(self.classes)),
        )

    def answer(self, raw: RawAnswer, rows: int) -> dict[str, Any]:
        """Return the likeliest class and the probabilities; of equal ones the first, of unknown ones none."""
        values = shaped(raw, (rows, len(self.classes)))
        # argmax takes NaN for the greatest, and would answer its class.
        unknown = np.isnan(values).any(axis=1)
        best = np.where(unknown, -1, np.argmax(values, axis=1)).tolist()
        named = (*self.classes, None)
        return {"label": [named[place] for place in best], "probabilities": values}

    def readings(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Return the probabilities, and the names of their classes."""
        probabilities = np.asarray(answer["probabilities"], dtype=np.float64)
        return {"answer": {"probabilities": probabilities}, "classes": names_of(self.classes)}

    def outcome(self, value: Any) -> Label:
        """Return a class; one that the model has never seen may still be the truth."""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        alike = type(self.classes[0]) if self.classes else object
        if isinstance(value, str | bool | int) and isinstance(value, alike):
            return value
        shown = ", ".join(map(repr, self.classes[:6]))
        raise InvalidInput(
            "an outcome of this model is a class",
            field="value",
            why=f"{value!r:.60} is none; the model knows {shown}",
        )

    def outcome_schema(self) -> dict[str, Any]:
        """Return the schema of a class."""
        return {"type": json_type(self.classes), "examples": list(self.classes)}

    def truth(self, column: pl.Series) -> npt.NDArray[np.float64]:
        """Return the place of each label among the classes."""
        return codes(column, self.classes)


def label_type(classes: tuple[Label, ...]) -> OutputType:
    """Return the type that the names of the classes have."""
    if classes and all(isinstance(class_, bool) for class_ in classes):
        return OutputType.BOOLEAN
    if classes and all(isinstance(class_, int) for class_ in classes):
        return OutputType.LONG
    return OutputType.STRING


def json_type(classes: tuple[Label, ...]) -> str:
    """Return the type that the names of the classes have in JSON."""
    return {OutputType.BOOLEAN: "boolean", OutputType.LONG: "integer"}.get(label_type(classes), "string")
