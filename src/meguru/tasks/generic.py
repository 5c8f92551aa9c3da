"""Named outputs of any type and shape: text, vectors, labels of images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
import numpy as np

from meguru.errors import InvalidInput
from meguru.tasks.base import ModelOutput, RawAnswer, Task, WrongShape

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

MAX_OUTPUTS = 100
MAX_OUTCOME_BYTES = 64 << 10


class Generic(Task, frozen=True, kw_only=True):
    """Raw answers are a mapping with an array or a list for each output, an entry a row.

    An array alone is the answer of a model with one output. There is no metric that suits them all: a gate
    or a monitor names its own.
    """

    key: ClassVar[str] = "generic"
    has_number: ClassVar[bool] = False

    outputs_: tuple[ModelOutput, ...] = msgspec.field(name="outputs", default=())

    def check(self) -> None:
        """Refuse outputs that an answer could not hold side by side."""
        names = [output.name for output in self.outputs_]
        if len(set(names)) != len(names) or len(names) > MAX_OUTPUTS or not all(names):
            why = f"up to {MAX_OUTPUTS} are allowed"
            raise InvalidInput("each output needs a name of its own", field="outputs", why=why)
        if "id" in names:
            raise InvalidInput("no output may be called 'id'", field="outputs", why="a prediction has one")

    def outputs(self) -> tuple[ModelOutput, ...]:
        """Return the outputs as they were said."""
        return self.outputs_

    def answer(self, raw: RawAnswer, rows: int) -> dict[str, Any]:
        """Return the outputs by name; each must be there, with an entry a row and of its shape."""
        if not isinstance(raw, Mapping) and len(self.outputs_) == 1:
            raw = {self.outputs_[0].name: raw}
        if not isinstance(raw, Mapping) or set(raw) != {model_output.name for model_output in self.outputs_}:
            found = ", ".join(raw) if isinstance(raw, Mapping) else f"a {type(raw).__name__}"
            wanted = ", ".join(model_output.name for model_output in self.outputs_)
            message = f"the model gave {found or 'nothing'}, where {wanted or 'no output'} is wanted"
            raise WrongShape(message)
        for output in self.outputs_:
            _check_entry(output, raw[output.name], rows)
        return {model_output.name: raw[model_output.name] for model_output in self.outputs_}

    def readings(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Refuse, as `truth` does."""
        del answer
        raise InvalidInput("the outputs of a generic model have no common measure", field="task")

    def outcome(self, value: Any) -> Any:
        """Return any JSON of a bounded size."""
        try:
            size = len(msgspec.json.encode(value))
        except (TypeError, msgspec.MsgspecError) as error:
            raise InvalidInput("an outcome must be JSON", field="value", why=str(error)[:200]) from error
        if size > MAX_OUTCOME_BYTES:
            why = f"{MAX_OUTCOME_BYTES:,} bytes are allowed"
            raise InvalidInput(f"an outcome of {size:,} bytes is too large", field="value", why=why)
        return value

    def outcome_schema(self) -> dict[str, Any]:
        """Return the schema that takes anything."""
        return {}

    def truth(self, column: pl.Series) -> npt.NDArray[np.float64]:
        """Refuse: which outcome is how good, only a metric of the project could say."""
        raise InvalidInput(
            f"the outcomes {column.name!r} of a generic model have no common measure",
            field="label",
            hint="name a task that has one, such as regression or multiclass",
        )


def _check_entry(output: ModelOutput, values: Any, rows: int) -> None:
    # The entries of a list may be of different lengths (-1), or no numbers: only their count is looked at.
    shape = np.shape(values) if isinstance(values, np.ndarray) else (len(values), *output.shape)
    wanted = (rows, *output.shape)
    fits = len(shape) == len(wanted) and all(
        want in {-1, have} for want, have in zip(wanted, shape, strict=True)
    )
    if not fits:
        message = f"the output {output.name!r} has the shape {tuple(shape)}, where {wanted} is wanted"
        raise WrongShape(message)
