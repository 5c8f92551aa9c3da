"""What a model gave for some rows: a column for each of its named outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec


class AnswerOutput(msgspec.Struct, array_like=True, frozen=True):
    """One named output as it is kept beside the values.

    Attributes
    ----------
    name, type
        As the task says them: boolean, long, double, string, datetime, or ``any`` for any JSON.
    depth
        0 for a single value, 1 for a list of them, 2 for a list of lists.
    labels
        Names of a list's entries: people are shown an object.
    """

    name: str
    type: str = "double"
    depth: int = 0
    labels: tuple[str, ...] = ()

    def shown(self, value: Any) -> Any:
        """Return one value as an answer shows it."""
        return dict(zip(self.labels, value, strict=True)) if self.labels and value is not None else value


PLAIN = (AnswerOutput("score"),)
"""The outputs of most models: one number, which is all that is ever stored or sent of it."""


class ModelAnswer(msgspec.Struct, frozen=True, gc=False):
    """What a model gave for some rows: `columns` by output name, all of one length, plain Python values."""

    outputs: tuple[AnswerOutput, ...]
    columns: Mapping[str, Sequence[Any]]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(next(iter(self.columns.values())))

    def part(self, start: int, end: int) -> ModelAnswer:
        """Return what was given for some of the rows."""
        if self.outputs is PLAIN:  # the hot path: each request is a part of what was scored together
            return ModelAnswer(PLAIN, {"score": self.columns["score"][start:end]})
        columns = {name: values[start:end] for name, values in self.columns.items()}
        return ModelAnswer(self.outputs, columns)

    def shown(self) -> list[dict[str, Any]]:
        """Return an object for each row, as an answer shows it."""
        columns = [
            [output.shown(value) for value in self.columns[output.name]]
            if output.labels
            else self.columns[output.name]
            for output in self.outputs
        ]
        names = [output.name for output in self.outputs]
        return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def plain(scores: Sequence[float | None]) -> ModelAnswer:
    """Return the answer of a model with one score a row."""
    return ModelAnswer(PLAIN, {"score": scores})


def nothing(outputs: tuple[AnswerOutput, ...], rows: int) -> ModelAnswer:
    """Return the answer of a model that gave none."""
    return ModelAnswer(outputs, {output.name: [None] * rows for output in outputs})


def joined(parts: Sequence[ModelAnswer]) -> ModelAnswer:
    """Put the answers of one model to parts of some rows together."""
    columns = {name: [value for part in parts for value in part.columns[name]] for name in parts[0].columns}
    return ModelAnswer(parts[0].outputs, columns)
