"""A frame's columns, picked and typed as a signature says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from meguru.base.library_errors import reason
from meguru.errors import InvalidInput, near_misses
from meguru.flavors.base import Takes
from meguru.flavors.frames import as_frame
from meguru.flavors.signature import ColumnType, Signature

if TYPE_CHECKING:
    import polars as pl

Matrix = npt.NDArray[np.float64]


def polars_schema(signature: Signature) -> dict[str, Any]:
    """Return the polars type of every input column."""
    import polars as pl

    types = {
        ColumnType.BOOLEAN: pl.Boolean(),
        ColumnType.LONG: pl.Int64(),
        ColumnType.DOUBLE: pl.Float64(),
        ColumnType.STRING: pl.String(),
        ColumnType.DATETIME: pl.Datetime("us", "UTC"),
    }
    return {
        column.name: pl.Array(types[column.type], column.shape) if column.shape else types[column.type]
        for column in signature.inputs
    }


def select(signature: Signature, data: Any, where: str = "") -> pl.DataFrame:
    """Return the signature's columns of a frame, in order and of the signature's types.

    Raises
    ------
    InvalidInput
        When a column is missing or can't be read as its type.
    """
    import polars as pl

    schema = polars_schema(signature)
    frame = pick(as_frame(data), schema, where)
    try:
        return frame.select(pl.col(name).cast(dtype) for name, dtype in schema.items())
    except pl.exceptions.PolarsError as error:
        why = reason(error)
        raise InvalidInput("the frame does not fit the model's signature", field=where, why=why) from error


def pick(frame: pl.DataFrame, names: Iterable[str], where: str = "") -> pl.DataFrame:
    """Return the named columns of a frame, in that order; InvalidInput names one that is missing."""
    wanted, known = list(names), frame.schema
    for name in wanted:
        if name not in known:
            close = near_misses(name, known)
            hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(frame.columns[:8])}"
            field = f"{where}.{name}" if where else name
            raise InvalidInput(f"the {where or 'frame'} has no column {name!r}", field=field, hint=hint)
    return frame.select(wanted)


def estimator_input(signature: Signature, data: Any, takes: Takes) -> Any:
    """Return rows as an estimator is asked with them: a matrix, or the kind of frame it was trained on.

    Parameters
    ----------
    signature
        The columns, and the trained frame.
    data
        A matrix in signature order, or a frame with the columns.
    takes
        ``"matrix"`` or ``"frame"``.
    """
    if takes == "matrix":
        return data if isinstance(data, np.ndarray) else matrix_of(signature, data)
    rows = frame_of(signature, data) if isinstance(data, np.ndarray) else select(signature, data)
    return rows if signature.frame is None else signature.frame.of(rows)


def check_names(trained: Iterable[str], signature: Signature) -> None:
    """Raise InvalidInput unless a model was trained on the signature's columns; one without names on any."""
    names = tuple(str(name) for name in trained)
    if names and names != signature.names:
        raise InvalidInput(
            "the example has other columns than the estimator was trained on",
            field="example",
            why=f"trained on {', '.join(names[:6])}…; the example has {', '.join(signature.names[:6])}…",
            hint="pass the features in the same order",
        )


def matrix_of(signature: Signature, data: Any) -> Matrix:
    """Return a frame's numeric columns as a float64 matrix in signature order; null becomes NaN."""
    import polars as pl

    frame = select(signature, data).select(pl.all().cast(pl.Float64).fill_null(float("nan")))
    # Row by row in memory: libraries in C walk along rows, and copy what is not.
    return np.ascontiguousarray(frame.to_numpy(), dtype=np.float64)


def frame_of(signature: Signature, matrix: Matrix) -> pl.DataFrame:
    """Return a matrix in signature order as a frame of the signature's columns and types."""
    import polars as pl

    raw = pl.DataFrame({name: matrix[:, index] for index, name in enumerate(signature.names)})
    return select(signature, raw.fill_nan(None))
