"""What a model takes and gives: columns with a type each, in the order the model was trained on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

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


_WIDEST = 10_000
_TENSORS = {
    "float": ColumnType.DOUBLE,
    "int": ColumnType.LONG,
    "uint": ColumnType.LONG,
    "bool": ColumnType.BOOLEAN,
}
NUMERIC = frozenset({ColumnType.BOOLEAN, ColumnType.LONG, ColumnType.DOUBLE})


class SignatureColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One named, typed column; it must always be sent, and may be null only if `nullable`."""

    name: str
    type: ColumnType
    nullable: bool = False


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
        return all(column.type in NUMERIC for column in self.inputs)


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
        When a column has a type that no model signature can hold, such as a list.
    """
    frame = as_frame(data)
    if not frame.width:
        raise InvalidInput("the model's features have no columns", field="features")
    return tuple(_column(frame, name, nulls_allowed=nulls_allowed) for name in frame.columns)


def _column(frame: pl.DataFrame, name: str, *, nulls_allowed: bool) -> SignatureColumn:
    series = frame.get_column(name)
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
    shown = [{"type": column.type.value, "name": column.name, "required": True} for column in columns]
    return json.dumps(shown)


def outputs_to_mlflow(outputs: Iterable[ModelOutput]) -> str:
    """Return outputs in the same JSON; a vector is an array, whatever its length."""
    return json.dumps([_output_to_mlflow(output) for output in outputs])


def _output_to_mlflow(output: ModelOutput) -> dict[str, Any]:
    kind = "string" if output.type is OutputType.ANY else output.type.value
    described: dict[str, Any] = {"type": kind}
    for _ in output.shape:
        described = {"type": "array", "items": described}
    return described | {"name": output.name, "required": True}


def from_mlflow(text: str | None, nullable: Iterable[str] = ()) -> tuple[SignatureColumn, ...]:
    """Read columns from MLflow's JSON; `nullable` names those that may be null.

    Raises
    ------
    InvalidInput
        When the JSON is broken, or holds tensors or a type that Meguru does not serve.
    """
    may_be_null = set(nullable)
    aliases = {"integer": "long", "float": "double"}
    try:
        found = json.loads(text or "[]")
        if found and found[0]["type"] == "tensor":
            return _of_tensor(found)
        return tuple(
            SignatureColumn(
                name=entry["name"],
                type=ColumnType(aliases.get(entry["type"], entry["type"])),
                nullable=entry["name"] in may_be_null or not entry.get("required", True),
            )
            for entry in found
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(
            "the signature in MLmodel can't be used",
            field="signature",
            why=f"each input must be a named column of a known type ({error})",
            hint="log it with the signature of a frame: signature=infer_signature(frame, …)",
        ) from error


def _of_tensor(found: list[Any]) -> tuple[SignatureColumn, ...]:
    """Return the columns ``x0``, ``x1``, … of a signature that is one matrix of numbers."""
    if len(found) != 1:
        message = f"it takes {len(found)} tensors"
        raise ValueError(message)
    spec = found[0]["tensor-spec"]
    kind, shape = str(spec["dtype"]).rstrip("0123456789"), list(spec["shape"])
    if len(shape) != 2 or not 0 < int(shape[1]) <= _WIDEST or kind not in _TENSORS:
        message = f"it takes a tensor of {spec['dtype']} with the shape {shape}"
        raise ValueError(message)
    return tuple(SignatureColumn(name=f"x{place}", type=_TENSORS[kind]) for place in range(int(shape[1])))
