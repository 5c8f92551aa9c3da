"""What the statistics accept: labels of two classes, finite scores, counts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from meguru.errors import InvalidInput

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def as_floats(values: npt.ArrayLike, field: str) -> Floats:
    """Read finite numbers, shape (n,).

    Raises
    ------
    InvalidInput
        When the values are not numbers, not one-dimensional, or hold NaN or infinity.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{field} must be numbers", field=field, why=str(error)) from error
    if array.ndim != 1:
        raise InvalidInput(f"{field} must have one dimension", field=field, why=f"its shape is {array.shape}")
    # NaN compares as false with everything: a statistic of it is never above its threshold, which would read
    # as 'nothing changed'.
    bad = int(np.count_nonzero(~np.isfinite(array)))
    if bad:
        raise InvalidInput(
            f"{field} must be finite", field=field, why=f"{bad} of {array.size} values are NaN or infinite"
        )
    return array


def as_labels(labels: npt.ArrayLike, field: str = "labels") -> Bools:
    """Read labels of two classes, shape (n,), as booleans; 0 and 1 are accepted."""
    array = as_floats(labels, field)
    wrong = array[(array != 0) & (array != 1)]
    if wrong.size:
        raise InvalidInput(
            f"{field} must be 0 or 1", field=field, why=f"{wrong.size} values differ, such as {wrong[0]:g}"
        )
    return np.equal(array, 1)


def same_length(first: npt.NDArray[np.generic], second: npt.NDArray[np.generic], fields: str) -> None:
    """Refuse two arrays of different length."""
    if first.shape != second.shape:
        raise InvalidInput(
            f"{fields} must have the same length",
            field=fields,
            why=f"they have {first.size} and {second.size} rows",
        )


def as_counts(counts: npt.ArrayLike, field: str) -> Floats:
    """Read counts of bins, shape (bins,), none negative, at least one observation."""
    array = as_floats(counts, field)
    if array.size == 0 or float(array.min()) < 0:
        raise InvalidInput(f"{field} must be counts of bins, none negative", field=field)
    if float(array.sum()) <= 0:
        raise InvalidInput(
            f"{field} holds no observation", field=field, hint="widen the window, or check for nulls"
        )
    return array


def as_level(level: float, field: str = "level") -> float:
    """Read a probability strictly between 0 and 1."""
    if not 0.0 < level < 1.0:
        raise InvalidInput(
            f"{field} must lie between 0 and 1", field=field, why=f"it is {level:g}", hint="try 0.95"
        )
    return level
