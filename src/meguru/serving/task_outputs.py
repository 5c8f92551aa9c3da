"""The raw answers of a model as the outputs that an endpoint gives, keeps and shows."""

from __future__ import annotations

from collections.abc import Sequence
from types import GenericAlias
from typing import Any

import msgspec
import numpy as np

from meguru.predictions.outputs import PLAIN, AnswerOutput, ModelAnswer
from meguru.tasks import ModelOutput, OutputType, RawAnswer, Task, WrongShape
from meguru.tasks.base import SCORE

_TYPES: dict[OutputType, Any] = {
    OutputType.BOOLEAN: bool,
    OutputType.LONG: int,
    OutputType.DOUBLE: float,
    OutputType.STRING: str,
    OutputType.DATETIME: str,
    OutputType.ANY: Any,
}


class TaskOutputs:
    """Makes outputs of what models of one task answer; holds no state, so threads may share it.

    Attributes
    ----------
    outputs
        What they are, as they are kept.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        outputs = task.outputs()
        self.outputs = PLAIN if outputs == (SCORE,) else tuple(_answer_output(output) for output in outputs)
        self._types = {output.name: _list_type(output) for output in outputs}

    def answer(self, raw: RawAnswer, rows: int) -> ModelAnswer:
        """Return the outputs as plain Python values.

        Raises
        ------
        WrongShape
            When they are not as the task says, in shape or type.
        """
        found = self._task.answer(raw, rows)
        columns = {
            output.name: _values(found[output.name], self._types[output.name]) for output in self.outputs
        }
        return ModelAnswer(self.outputs, columns)


def _answer_output(output: ModelOutput) -> AnswerOutput:
    # A time is kept as it is answered: as text.
    kind = "string" if output.type is OutputType.DATETIME else output.type.value
    return AnswerOutput(output.name, kind, len(output.shape), output.labels)


def _list_type(output: ModelOutput) -> Any:
    kind = _TYPES[output.type]
    for _ in output.shape:
        kind = GenericAlias(list, (kind,))
    return GenericAlias(list, (kind | None if kind is not Any else kind,))


def _values(values: Any, kind: Any) -> Sequence[Any]:
    if isinstance(values, np.ndarray):
        if values.dtype == np.float64:
            return values.tolist()  # type: ignore[no-any-return]
        values = (values.astype("M8[us]") if values.dtype.kind == "M" else values).tolist()
    try:
        found: list[Any] = msgspec.convert(msgspec.to_builtins(values, enc_hook=_item), kind)
    except (TypeError, msgspec.ValidationError) as error:
        raise WrongShape(f"the model gave values of another type: {error}") from error
    return found


def _item(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    message = f"{type(value).__name__} is none that JSON has"
    raise TypeError(message)
