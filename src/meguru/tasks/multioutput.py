"""Regression of several numbers at once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from meguru.errors import InvalidInput
from meguru.tasks.base import MAX_CLASSES, ModelOutput, RawAnswer, Task, number, shaped

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl


class Multioutput(Task, frozen=True, kw_only=True):
    """Raw answers are ``(rows, targets)``.

    Attributes
    ----------
    targets
        The names of the outputs, in the order of the columns.
    """

    key: ClassVar[str] = "multioutput"
    metrics: ClassVar[tuple[str, ...]] = ("rmse", "mae", "r2")
    has_number: ClassVar[bool] = False

    targets: tuple[str, ...] = ()

    def check(self) -> None:
        """Refuse names that an answer could not hold side by side."""
        if len(set(self.targets)) != len(self.targets) or len(self.targets) > MAX_CLASSES:
            raise InvalidInput("each target needs a name of its own", field="targets")
        if "id" in self.targets:
            raise InvalidInput("no target may be called 'id'", field="targets", why="a prediction has one")

    def outputs(self) -> tuple[ModelOutput, ...]:
        """Return one number for each target."""
        return tuple(ModelOutput(name=name) for name in self.targets)

    def answer(self, raw: RawAnswer, rows: int) -> dict[str, Any]:
        """Return the columns by target."""
        values = shaped(raw, (rows, len(self.targets)))
        return {name: values[:, place] for place, name in enumerate(self.targets)}

    def readings(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Return the targets beside each other, shape (rows, targets)."""
        columns = [np.asarray(answer[name], dtype=np.float64) for name in self.targets]
        return {"answer": {"score": np.column_stack(columns)}}

    def outcome(self, value: Any) -> list[float | None]:
        """Return the values in the order of the targets, from a list or an object; null where not known."""
        # By name some targets may be left out: they are not known yet.
        if isinstance(value, Mapping) and set(value) <= set(self.targets):
            value = [value.get(name) for name in self.targets]
        if isinstance(value, list | tuple) and len(value) == len(self.targets):
            return [None if each is None else number(each) for each in value]
        raise InvalidInput(
            f"an outcome of this model has {len(self.targets)} numbers",
            field="value",
            why=f"{value!r:.60} is no list of them, and no object by {', '.join(self.targets[:6])}",
        )

    def outcome_schema(self) -> dict[str, Any]:
        """Return the schema of a list of numbers, or of an object by target."""
        one: dict[str, Any] = {"type": ["number", "null"]}
        count = len(self.targets)
        listed = {"type": "array", "items": one, "minItems": count, "maxItems": count}
        named = {
            "type": "object",
            "properties": dict.fromkeys(self.targets, one),
            "additionalProperties": False,
        }
        return {"oneOf": [listed, named]}

    def truth(self, column: pl.Series) -> npt.NDArray[np.float64]:
        """Return shape (rows, targets); NaN where unknown."""
        unknown = [math.nan] * len(self.targets)
        found = [unknown if each is None else self.outcome(each) for each in column.to_list()]
        values: npt.NDArray[np.float64] = np.array(found, dtype=np.float64).reshape(-1, len(self.targets))
        return values
