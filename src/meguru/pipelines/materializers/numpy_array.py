"""NumPy arrays, as ``.npy`` files that are mapped when read; writing into one stays in the step's memory."""

from __future__ import annotations

import io
from typing import Any

from meguru.errors import InvalidInput
from meguru.pipelines.materializers.base import Place, Value, is_from, put


class NumpyArray:
    """The array in C order; arrays of Python objects are refused, because reading them would run code."""

    def fits(self, value: Any) -> bool:
        """Tell whether the value is an array or a scalar that is not plain."""
        return is_from(value, "numpy") and hasattr(value, "dtype") and hasattr(value, "shape")

    def save(self, value: Any, annotation: Any, place: Place) -> Value:
        """Write the array."""
        del annotation
        import numpy as np

        array = np.asarray(value)
        if array.dtype.hasobject:
            raise InvalidInput(
                "a step can't return an array of Python objects",
                why="only pickle could write it",
                hint="give the array a dtype such as str or float64, or return a list",
            )
        buffer = io.BytesIO()
        np.save(buffer, np.asarray(array, order="C"), allow_pickle=False)
        return put("numpy", buffer.getvalue(), place)

    def load(self, value: Value, annotation: Any, place: Place) -> Any:
        """Map the array, copy on write."""
        del annotation
        import numpy as np

        path = place.blobs.path(value.digest)
        mapped = np.load(path, mmap_mode="c", allow_pickle=False)
        # A single number or nothing can't be mapped.
        return mapped if mapped.ndim and mapped.size else np.load(path, allow_pickle=False)


NUMPY = NumpyArray()
