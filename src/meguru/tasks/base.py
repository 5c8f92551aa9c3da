"""The base class of tasks: named outputs, validated outcomes, and the default metrics."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import msgspec

from meguru.base.library_errors import reason
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

RawAnswer: TypeAlias = "npt.NDArray[np.float64] | Mapping[str, Any]"
"""What a model answers: one array with a row for each row asked; only a generic one by output name."""
TaskOptions: TypeAlias = str | dict[str, Any]
"""A task as it is written down: its key, or (with options) an object that has the key under ``task``."""
Label: TypeAlias = str | int | bool
"""The name of a class."""
MAX_CLASSES = 10_000


class WrongShape(ValueError):
    """A model answered something else than its task says."""


class OutputType(StrEnum):
    """The types of an output's values, as those of a column; ``any`` is any JSON."""

    BOOLEAN = "boolean"
    LONG = "long"
    DOUBLE = "double"
    STRING = "string"
    DATETIME = "datetime"
    ANY = "any"


class ModelOutput(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One named output of a model.

    Attributes
    ----------
    name, type
        Under which it stands in an answer, and the type of its values.
    shape
        Of its value for one row; ``()`` is a single value, -1 a length that differs by row.
    labels
        Names of the entries of a vector: with them an answer shows it as an object.
    """

    name: str
    type: OutputType = OutputType.DOUBLE
    shape: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()


SCORE = ModelOutput(name="score")
SCORE_COLUMN, OUTPUT_PREFIX = "_score", "_output:"


def output_column(name: str) -> str:
    """Return the column that holds an output in frames: ``_score`` or ``_output:NAME``."""
    return SCORE_COLUMN if name == SCORE.name else OUTPUT_PREFIX + name


class Task(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a model is asked to do. A member of the family is a subclass with its options as fields.

    Attributes
    ----------
    key
        The task's name.
    metrics
        By which it is judged unless others are named; champion and challenger are compared by the first.
    has_number
        Whether an outcome is one number; else it is any JSON that `outcome` makes.
    """

    key: ClassVar[str]
    metrics: ClassVar[tuple[str, ...]] = ()
    has_number: ClassVar[bool] = True

    def check(self) -> None:
        """Raise InvalidInput, naming the field, if the options make no sense."""

    def outputs(self) -> tuple[ModelOutput, ...]:
        """Return the outputs of each row, in the order in which an answer shows them."""
        return (SCORE,)

    def answer(self, raw: RawAnswer, rows: int) -> dict[str, Any]:
        """Return the outputs by name: an array or a list each, one entry a row.

        Parameters
        ----------
        raw
            What the model answered; shape (rows,) here, other tasks say theirs.
        rows
            Scalar, count; how many rows were asked.

        Raises
        ------
        WrongShape
            When `raw` is no such array.
        """
        return {"score": shaped(raw, (rows,))}

    def readings(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Return outputs by name as metrics read them: fields of `meguru.metrics.ScoredRows`."""
        import numpy as np  # here: a client of a server reads these types without NumPy

        return {"answer": {"score": np.asarray(answer["score"], dtype=np.float64)}}

    def outcome(self, value: Any) -> Any:
        """Return what really happened to one row as it is kept; here a finite number.

        Raises
        ------
        InvalidInput
            When it is no outcome of this task; says which are.
        """
        return number(value)

    def outcome_schema(self) -> dict[str, Any]:
        """Return the JSON schema of the outcomes that clients may send; here a number."""
        return {"type": "number"}

    def truth(self, column: pl.Series) -> npt.NDArray[np.float64]:
        """Return labels as metrics read them, float64 with a row each; NaN where unknown.

        Classes become their place among `classes`, and -1 when the model does not know them.

        Raises
        ------
        InvalidInput
            When the column holds no outcomes of this task.
        """
        return numbers(column)

    def truth_of_outcomes(self, column: pl.Series) -> npt.NDArray[np.float64]:
        """Return the same of a column of what `outcome` gave, which may write a class as another number."""
        return self.truth(column)


def shaped(raw: RawAnswer, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Return an answer that is an array of this shape."""
    # No cast and no reshape: an answer of another shape may be of other rows.
    if isinstance(raw, Mapping) or getattr(raw, "shape", None) != shape:
        import numpy as np

        found = f"outputs {', '.join(raw)}" if isinstance(raw, Mapping) else f"shape {np.shape(raw)}"
        wanted = "one score a row" if len(shape) == 1 else f"{shape[1]} numbers a row"
        message = f"the model gave {found} for {shape[0]} rows, where {wanted} are wanted"
        raise WrongShape(message)
    return raw


def number(value: Any) -> float:
    """Return an outcome that is a finite number."""
    if isinstance(value, bool | int | float) and math.isfinite(value):
        return float(value)
    why = f"it is {str(value)[:60]}" if isinstance(value, float) else f"it is a {type(value).__name__}"
    raise InvalidInput("an outcome must be a finite number", why=why, field="value")


def numbers(column: pl.Series) -> npt.NDArray[np.float64]:
    """Return a column of numbers, NaN for null."""
    import polars as pl

    try:
        values: npt.NDArray[np.float64] = column.cast(pl.Float64).fill_null(math.nan).to_numpy()
    except pl.exceptions.PolarsError as error:
        why = reason(error)
        raise InvalidInput(f"the label {column.name!r} is not a number", field="label", why=why) from error
    return values


def codes(column: pl.Series, classes: Sequence[Label]) -> npt.NDArray[np.float64]:
    """Return the place of each value among the classes; -1 for another, NaN for null."""
    import numpy as np
    import polars as pl

    places = {class_key(label): float(place) for place, label in enumerate(classes)}
    # By distinct value: a Python call for each class, not for each row.
    known = pl.DataFrame({"of": column}).get_column("of").unique().drop_nulls().to_list()
    by_value = {value: places.get(class_key(value), -1.0) for value in known}
    if not by_value:
        return np.full(len(column), math.nan)
    found = column.replace_strict(list(by_value), list(by_value.values()), return_dtype=pl.Float64)
    values: npt.NDArray[np.float64] = found.fill_null(math.nan).to_numpy()
    return values


def class_key(value: Any) -> str:
    """Return a class as text by which equal ones are found: 1, 1.0 and True are one, and so is "1"."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def check_classes(classes: Sequence[Any], *, least: int) -> None:
    """Refuse classes of which there are too few or too many, or two alike."""
    if len({class_key(each) for each in classes}) != len(classes):
        raise InvalidInput("two classes have one name", field="classes")
    if not least <= len(classes) <= MAX_CLASSES:
        raise InvalidInput(
            f"{len(classes)} classes are not possible here",
            field="classes",
            why=f"{least} to {MAX_CLASSES:,} are",
        )


def names_of(classes: tuple[Label, ...]) -> tuple[str, ...]:
    """Return the classes as names in an object: ``true`` and ``false`` as JSON writes them."""
    return tuple(str(each).lower() if isinstance(each, bool) else str(each) for each in classes)
