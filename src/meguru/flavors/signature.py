"""What a model takes and gives: columns with a type each, in the order the model was trained on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, UnsetType

from meguru.errors import InvalidInput
from meguru.flavors.frames import as_frame
from meguru.flavors.trained_frame import TrainedFrame
from meguru.tasks import ModelOutput, OutputType

if TYPE_CHECKING:
    import polars as pl


class ColumnType(StrEnum):
    """The types of a column, named as in MLflow."""

    BOOLEAN = "boolean"
    LONG = "long"
    DOUBLE = "double"
    STRING = "string"
    DATETIME = "datetime"


NUMERIC = frozenset({ColumnType.BOOLEAN, ColumnType.LONG, ColumnType.DOUBLE})


class SignatureColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One named, typed column; it must always be sent, and may be null only if `nullable`.

    Attributes
    ----------
    sizes
        Of the lists that each value is, from the outermost on, such as ``(28, 28)``; none for plain values.
        Lists have no missing values. Written down as ``shape``.
    """

    name: str
    type: ColumnType
    nullable: bool = False
    sizes: tuple[int, ...] | UnsetType = msgspec.field(name="shape", default=UNSET)

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of its lists; empty for plain values."""
        return self.sizes or ()

    @property
    def kept_as(self) -> str:
        """How a recorded value is kept: its type, with ``[]`` for each list around it."""
        return self.type.value + "[]" * len(self.shape)


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """The columns a model takes, in order, and those it gives.

    Attributes
    ----------
    frame
        The kind of frame that its estimator was trained on, and is asked with; None where that is not known,
        or a matrix.
    """

    inputs: tuple[SignatureColumn, ...]
    outputs: tuple[ModelOutput, ...] = ()
    frame: TrainedFrame | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the input columns, in order."""
        return tuple(column.name for column in self.inputs)

    @property
    def numeric(self) -> bool:
        """Whether every input fits into one float64 matrix."""
        return all(column.type in NUMERIC and not column.shape for column in self.inputs)


def infer(data: Any, *, nulls_allowed: bool = False) -> tuple[SignatureColumn, ...]:
    """Read the columns off a polars or pandas frame, or a two-dimensional NumPy array.

    Parameters
    ----------
    data
        The training features. A matrix gets the names ``x0``, ``x1``, ….
    nulls_allowed
        Let every column be null, though none is null here: right for a model that handles missing values.

    Raises
    ------
    InvalidInput
        When a column has a type that no model signature can hold, such as lists of different lengths.
    """
    frame = as_frame(data)
    if not frame.width:
        raise InvalidInput("the model's features have no columns", field="features")
    return tuple(_column(frame, name, nulls_allowed=nulls_allowed) for name in frame.columns)


def _column(frame: pl.DataFrame, name: str, *, nulls_allowed: bool) -> SignatureColumn:
    import polars as pl

    from meguru.flavors import list_columns

    series = frame.get_column(name)
    if isinstance(series.dtype, pl.List | pl.Array):
        return list_columns.column_of(series, _type_of)
    kind = _type_of(series)
    missing = series.null_count() > 0
    if kind is ColumnType.DOUBLE and not missing and series.dtype.is_float():
        missing = bool(series.is_nan().any())
    if kind is ColumnType.LONG and missing:
        kind = ColumnType.DOUBLE  # an integer that can be missing travels as a float everywhere else too
    return SignatureColumn(name=name, type=kind, nullable=missing or nulls_allowed)


def _type_of(series: pl.Series) -> ColumnType:
    import polars as pl

    dtype = series.dtype
    if dtype == pl.Boolean:
        return ColumnType.BOOLEAN
    if dtype.is_integer():
        return ColumnType.LONG
    if dtype.is_numeric() or dtype == pl.Null:
        return ColumnType.DOUBLE
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return ColumnType.STRING
    if dtype in (pl.Datetime, pl.Date):
        return ColumnType.DATETIME
    raise InvalidInput(
        f"column {series.name!r} has the type {dtype}, which a model can't take",
        field=series.name,
        why="a signature knows boolean, long, double, string and datetime",
        hint="turn the column into numbers or strings before training",
    )


def to_mlflow(columns: Iterable[SignatureColumn]) -> str:
    """Return columns in the JSON that an MLmodel file holds under ``signature``."""
    shown = [
        {**_spelled(column.type.value, len(column.shape)), "name": column.name, "required": True}
        for column in columns
    ]
    return json.dumps(shown)


def outputs_to_mlflow(outputs: Iterable[ModelOutput]) -> str:
    """Return outputs in the same JSON; a vector is an array, whatever its length."""
    return json.dumps([_output_to_mlflow(output) for output in outputs])


def _output_to_mlflow(output: ModelOutput) -> dict[str, Any]:
    kind = "string" if output.type is OutputType.ANY else output.type.value
    return _spelled(kind, len(output.shape)) | {"name": output.name, "required": True}


def _spelled(kind: str, depth: int) -> dict[str, Any]:
    return {"type": "array", "items": _spelled(kind, depth - 1)} if depth else {"type": kind}


def from_mlflow(
    text: str | None, nullable: Iterable[str] = (), shapes: Mapping[str, Sequence[int]] | None = None
) -> tuple[SignatureColumn, ...]:
    """Read columns from MLflow's JSON.

    Parameters
    ----------
    text
        The JSON. A tensor without a name and with two sizes is so many columns, called ``x0``, ``x1``, ….
    nullable
        The names of those that may be null.
    shapes
        The shapes of those that hold lists, which MLflow's arrays do not tell.

    Raises
    ------
    InvalidInput
        When the JSON is broken, or holds a type that Meguru does not serve.
    """
    from meguru.flavors import list_columns

    may_be_null, known = set(nullable), shapes or {}
    aliases = {"integer": "long", "float": "double"}
    try:
        columns: list[SignatureColumn] = []
        for entry in json.loads(text or "[]"):
            if entry["type"] == "tensor":
                # Only one tensor can be without a name. A second would be refused below as well, but each
                # stands for up to 10,000 columns, and a file of some megabytes has room for many.
                if not entry.get("name") and any(column.name == "x0" for column in columns):
                    message = "two of them have one name, or none"
                    raise ValueError(message)
                columns += list_columns.columns_of_tensor(entry.get("name", ""), entry["tensor-spec"])
                continue
            kind, shape = list_columns.innermost(entry), tuple(known.get(entry["name"], ()))
            list_columns.check_shape(entry["name"], shape, depth=kind[1])
            columns.append(
                SignatureColumn(
                    name=entry["name"],
                    type=ColumnType(aliases.get(kind[0], kind[0])),
                    nullable=entry["name"] in may_be_null or not entry.get("required", True),
                    sizes=shape or UNSET,
                )
            )
        if len({column.name for column in columns}) < len(columns):
            message = "two of them have one name, or none"
            raise ValueError(message)
        return tuple(columns)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidInput(
            "the signature in MLmodel can't be used",
            field="signature",
            why=f"each input must be a named column of a known type ({error})",
            hint="log it with the signature of a frame: signature=infer_signature(frame, …)",
        ) from error
