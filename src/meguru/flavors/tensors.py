"""Rows of named columns, as the tensors that a neural network eats; and its tensors, as a task's raw values.

A model with one input of two dimensions gets all its columns as one matrix, in the order of the signature.
Any other model gets a column for each of its inputs, by name: a plain column as a vector (or as a matrix of
one column), a column of lists with the lists' own shape behind the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from meguru.errors import InvalidInput
from meguru.flavors.base import Matrix, Takes
from meguru.flavors.signature import ColumnType, Signature, SignatureColumn

if TYPE_CHECKING:
    import polars as pl

Arrays = dict[str, np.ndarray[Any, Any]]
_KINDS = {
    ColumnType.BOOLEAN: "biuf",
    ColumnType.LONG: "iuf",
    ColumnType.DOUBLE: "f",
    ColumnType.STRING: "O",
}
"""The kinds of NumPy types that hold a column's values without losing what they mean."""


class TensorSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One tensor that a model takes or gives.

    Attributes
    ----------
    name
        Its name in the model.
    dtype
        Its NumPy type, such as ``float32``; ``object`` for text.
    shape
        Its sizes; None where any size will do. The first counts the rows.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...]


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """How rows become the tensors of one model; see `feed_of`."""

    takes: Takes
    signature: Signature
    inputs: tuple[TensorSpec, ...]
    columns: tuple[str, ...] = ()

    def arrays(self, data: Matrix | pl.DataFrame) -> Arrays:
        """Return the tensors of a matrix in signature order, or of a frame."""
        from meguru.flavors import columns

        if self.takes == "matrix":
            matrix = data if isinstance(data, np.ndarray) else columns.matrix_of(self.signature, data)
            only = self.inputs[0]
            return {only.name: _cast(matrix, only)}
        if isinstance(data, np.ndarray):
            data = columns.frame_of(self.signature, data)
        frame = columns.select(self.signature, data)
        return {
            spec.name: _tensor(frame.get_column(name), spec)
            for spec, name in zip(self.inputs, self.columns, strict=True)
        }


def feed_of(inputs: Sequence[TensorSpec], signature: Signature) -> Feed:
    """Say how rows of a signature feed a model's inputs.

    Raises
    ------
    InvalidInput
        When they do not fit: another number of columns, other names, types or shapes.
    """
    for spec in inputs:
        _check_rows(spec)
    only = inputs[0] if len(inputs) == 1 else None
    width = len(signature.inputs)
    plain = signature.numeric and not any(column.shape for column in signature.inputs)
    # One matrix for all columns: what exporters of tabular models make, and the fastest way in.
    if only and plain and len(only.shape) == 2 and only.dtype != "object":
        if only.shape[1] not in {None, width}:
            why = f"the model takes {only.shape[1]} and the example has {width}"
            raise InvalidInput("the model takes another number of columns", field="example", why=why)
        for column in signature.inputs:
            _check_type(column, only)
        return Feed(takes="matrix", signature=signature, inputs=(only,))
    signature_columns = _by_name(inputs, signature)
    for spec, column in zip(inputs, signature_columns, strict=True):
        _check_type(column, spec)
        _check_shape(column, spec)
    names = tuple(column.name for column in signature_columns)
    return Feed(takes="frame", signature=signature, inputs=tuple(inputs), columns=names)


def _check_rows(spec: TensorSpec) -> None:
    if not spec.shape or spec.shape[0] is not None:
        takes = f"exactly {spec.shape[0]} rows at a time" if spec.shape else "one value, and no rows"
        raise InvalidInput(
            "the model can't be asked with any number of rows",
            field="estimator",
            why=f"its input {spec.name!r} takes {takes}",
            hint="export it with a free first size (dynamic axes, dynamic shapes)",
        )


def _by_name(inputs: Sequence[TensorSpec], signature: Signature) -> list[SignatureColumn]:
    signature_columns = {column.name: column for column in signature.inputs}
    if len(inputs) == 1 == len(signature_columns):
        return list(signature.inputs)
    wanted = [spec.name for spec in inputs]
    if sorted(wanted) == sorted(signature_columns):
        return [signature_columns[name] for name in wanted]
    raise InvalidInput(
        "the example's columns are not the model's inputs",
        field="example",
        why=f"the model takes {_some(wanted)}; the example has {_some(list(signature_columns))}",
        hint="call the columns as the model's inputs are called, or give it one input for all of them",
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:6]) + (", …" if len(names) > 6 else "")


def _check_type(column: SignatureColumn, spec: TensorSpec) -> None:
    kind = np.dtype(spec.dtype).kind
    if kind not in _KINDS.get(column.type, ""):
        raise InvalidInput(
            f"column {column.name!r} does not fit the model's input {spec.name!r}",
            field=f"example.{column.name}",
            why=f"the column holds {column.type.value} values, the input takes {spec.dtype}",
        )
    if column.nullable and kind != "f":
        why = f"the input {spec.name!r} takes {spec.dtype}, which has no missing value"
        raise InvalidInput(
            f"column {column.name!r} has missing values", field=f"example.{column.name}", why=why
        )


def _check_shape(column: SignatureColumn, spec: TensorSpec) -> None:
    wanted = spec.shape[1:]
    if not column.shape and wanted in {(), (1,), (None,)}:
        return
    fits = len(wanted) == len(column.shape) and all(
        size in {None, given} for size, given in zip(wanted, column.shape, strict=True)
    )
    if not fits:
        shown = " × ".join("any" if size is None else str(size) for size in wanted) or "one value"
        given = " × ".join(map(str, column.shape)) or "one value"
        raise InvalidInput(
            f"column {column.name!r} does not fit the model's input {spec.name!r}",
            field=f"example.{column.name}",
            why=f"a row of it has {given}; the model takes {shown}",
        )


def _cast(values: np.ndarray[Any, Any], spec: TensorSpec) -> np.ndarray[Any, Any]:
    with np.errstate(over="ignore"):  # beyond float32 is infinity there
        # Writable and contiguous: torch.from_numpy shares memory and warns of what it may not write to; ONNX
        # Runtime copies what is strided.
        return np.require(values, dtype=spec.dtype, requirements=["C", "W"])


def _tensor(series: pl.Series, spec: TensorSpec) -> np.ndarray[Any, Any]:
    if spec.dtype == "object":
        # Only lists make objects of each text: to_numpy of strings may give a type of NumPy's that the
        # runtime does not take.
        array = np.array(series.to_list(), dtype=object)
    elif series.dtype.is_float() and series.null_count():
        array = series.fill_null(float("nan")).to_numpy()
    else:
        array = series.to_numpy()
    if len(spec.shape) == array.ndim + 1:
        array = array[..., np.newaxis]
    return array if spec.dtype == "object" else _cast(array, spec)
