"""NumPy arrays, as ``.npy`` files that are mapped when read; writing into one stays in the step's memory."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from meguru.compute.materializers.base import Value, ValueStore, is_from
from meguru.errors import InvalidInput

_CHUNK = 16 << 20


class NumpyArray:
    """The array in C order, streamed into the store: no copy of it is made, in memory or on disk.

    Arrays of Python objects are refused, because reading them would run code; so are masked arrays and
    other subclasses, of which only the numbers would be kept.
    """

    def fits(self, value: Any) -> bool:
        """Tell whether the value is an array or a scalar that is not plain."""
        return is_from(value, "numpy") and hasattr(value, "dtype") and hasattr(value, "shape")

    def save(self, value: Any, annotation: Any, place: ValueStore) -> Value:
        """Write the array."""
        del annotation
        import numpy as np

        if type(value) not in {np.ndarray, np.memmap} and not isinstance(value, np.generic):
            raise InvalidInput(
                f"a step can't return a {type(value).__name__}",
                why="only its numbers would be kept",
                hint="return its parts as plain arrays, in a tuple: masked.data, masked.mask",
            )
        array = np.asarray(value)
        if array.dtype.hasobject:
            raise InvalidInput(
                "a step can't return an array of Python objects",
                why="only pickle could write it",
                hint="give the array a dtype such as str or float64, or return a list",
            )
        header = _header(array)
        digest = place.blobs.put_chunks(_chunks(array, header))
        return Value(kind="numpy", digest=digest, size=len(header) + array.nbytes)

    def load(self, value: Value, annotation: Any, place: ValueStore) -> Any:
        """Map the array, copy on write."""
        del annotation
        import numpy as np

        path = place.blobs.path(value.digest)
        mapped = np.load(path, mmap_mode="c", allow_pickle=False)
        # A single number or nothing can't be mapped.
        return mapped if mapped.ndim and mapped.size else np.load(path, allow_pickle=False)


def _header(array: Any) -> bytes:
    import numpy as np

    described = {
        "descr": np.lib.format.dtype_to_descr(array.dtype),
        "fortran_order": False,
        "shape": array.shape,
    }
    buffer = io.BytesIO()
    # The version that `numpy.save` would choose: 1.0, or 2.0 if the description is long.
    try:
        np.lib.format.write_array_header_1_0(buffer, described)
    except ValueError:
        buffer = io.BytesIO()
        np.lib.format.write_array_header_2_0(buffer, described)
    return buffer.getvalue()


def _chunks(array: Any, header: bytes) -> Iterator[bytes | memoryview]:
    """Yield the file in pieces; what lies in another order is put in order piece by piece."""
    import numpy as np

    yield header
    if not array.size:
        return
    if not array.ndim:
        yield array.tobytes()
        return
    row = max(1, array.nbytes // array.shape[0])
    rows = max(1, _CHUNK // row)
    for start in range(0, array.shape[0], rows):
        part = np.ascontiguousarray(array[start : start + rows])
        bare: Any = part.view(np.uint8).reshape(-1) if part.dtype.itemsize else b""
        flat = memoryview(bare)
        for at in range(0, len(flat), _CHUNK):
            yield flat[at : at + _CHUNK]


NUMPY = NumpyArray()
