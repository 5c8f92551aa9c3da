"""Any of several labels: those that hold, and the probability of each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from meguru.errors import InvalidInput
from meguru.tasks.base import Label, ModelOutput, RawAnswer, Task, check_classes, class_key, names_of, shaped
from meguru.tasks.multiclass import label_type

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl


class Multilabel(Task, frozen=True, kw_only=True):
    """Raw answers are ``(rows, classes)``, the probability of each label by itself.

    Attributes
    ----------
    classes
        The labels, in the order of the columns.
    threshold
        Scalar, probability; a label holds from here on.
    """

    key: ClassVar[str] = "multilabel"
    metrics: ClassVar[tuple[str, ...]] = ("log_loss", "f1_micro", "f1_macro")
    has_number: ClassVar[bool] = False

    classes: tuple[Label, ...] = ()
    threshold: float = 0.5

    def check(self) -> None:
        """Refuse labels that can't be told apart."""
        if self.classes:
            check_classes(self.classes, least=1)

    def outputs(self) -> tuple[ModelOutput, ...]:
        """Return the labels that hold, and the probabilities by label."""
        return (
            ModelOutput(name="labels", type=label_type(self.classes), shape=(-1,)),
            ModelOutput(name="probabilities", shape=(len(self.classes),), labels=names_of(self.classes)),
        )

    def answer(self, raw: RawAnswer, rows: int) -> dict[str, Any]:
        """Return the labels that reach the threshold, and the probabilities."""
        values = shaped(raw, (rows, len(self.classes)))
        holds = (values >= self.threshold).tolist()
        labels = [[label for label, on in zip(self.classes, row, strict=True) if on] for row in holds]
        return {"labels": labels, "probabilities": values}

    def readings(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Return the probabilities, the names of their labels, and what they must exceed to hold."""
        return {
            "answer": {"probabilities": np.asarray(answer["probabilities"], dtype=np.float64)},
            "classes": names_of(self.classes),
            "threshold": math.nextafter(self.threshold, -math.inf),  # it holds from the threshold on
        }

    def outcome(self, value: Any) -> list[Label]:
        """Return the labels that hold, in the order of the classes."""
        # In the order of the classes, whatever order they are sent in: equal outcomes are kept as equal
        # bytes.
        known = {class_key(label): label for label in self.classes}
        given = [class_key(each) for each in value] if isinstance(value, list | tuple) else None
        if given is None or not set(given) <= set(known):
            shown = ", ".join(map(repr, self.classes[:6]))
            raise InvalidInput(
                "an outcome of this model is a list of labels",
                field="value",
                why=f"{value!r:.60} is none; the model knows {shown}",
            )
        return [label for key, label in known.items() if key in given]

    def outcome_schema(self) -> dict[str, Any]:
        """Return the schema of a list of labels."""
        return {"type": "array", "items": {"enum": list(self.classes)}}

    def truth(self, column: pl.Series) -> npt.NDArray[np.float64]:
        """Return shape (rows, classes) of 0 and 1; a whole row is NaN where it is unknown."""
        places = {class_key(label): place for place, label in enumerate(self.classes)}
        found = np.zeros((len(column), len(self.classes)))
        for row, labels in enumerate(column.to_list()):
            if labels is None:
                found[row] = np.nan
                continue
            if not isinstance(labels, list):
                what = f"the label {column.name!r} of a multilabel task holds no lists"
                raise InvalidInput(what, field="label")
            for each in labels:
                place = places.get(class_key(each))
                if place is not None:
                    found[row, place] = 1.0
        return found
