"""Sparse matrices by rows, with every index checked: native code follows them unchecked."""

from __future__ import annotations

from typing import Any

import numpy as np

from meguru.flavors.skopsfile.standins.base import StandIn

_KINDS = ("csr_matrix", "csr_array", "csc_matrix", "csc_array")


class SparseRows(StandIn):
    """A CSR or CSC matrix or array of SciPy."""

    module = "scipy.sparse"

    @classmethod
    def claims(cls, subject: Any) -> bool:
        """Say whether it is one of the four compressed kinds."""
        return type(subject).__name__ in _KINDS and type(subject).__module__.startswith("scipy.sparse.")

    @classmethod
    def data(cls, subject: Any) -> tuple[Any, ...]:
        """Return kind, values, indices, row starts and shape."""
        shape = [int(size) for size in subject.shape]
        return type(subject).__name__, subject.data, subject.indices, subject.indptr, shape

    @classmethod
    def restore(cls, *args: Any) -> Any:
        """Make the matrix and check each of its indices."""
        import scipy.sparse

        kind, values, indices, starts, shape = args
        if kind not in _KINDS or len(shape) != 2 or any(type(size) is not int or size < 0 for size in shape):
            raise ValueError("a sparse matrix of a strange kind or shape")
        for array in (indices, starts):
            if not isinstance(array, np.ndarray) or array.dtype not in (np.int32, np.int64):
                raise ValueError("a sparse matrix whose indices are no whole numbers")
        if not isinstance(values, np.ndarray) or values.dtype.kind not in "biuf":
            raise ValueError("a sparse matrix of something else than numbers")
        matrix = getattr(scipy.sparse, kind)((values, indices, starts), shape=tuple(shape))
        matrix.check_format(full_check=True)
        return matrix
