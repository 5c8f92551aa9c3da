"""Columns of kept rows as files that are mapped into memory: what is not asked for is not read.

What is as wide in each row is a NumPy array (with another one that tells where a value is missing, if one
is); the rest, such as text, is an Arrow file, read when it is asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import polars as pl


def write(column: pl.Series, place: Path) -> None:
    """Write a column at a place, which has no suffix yet."""
    import numpy as np
    import polars as pl

    if not _is_plain(column.dtype):
        pl.DataFrame([column.alias("values")]).write_ipc(place.with_suffix(".arrow"), compression="lz4")
        return
    np.save(place.with_suffix(".npy"), _plain(column))
    if column.null_count():
        np.save(place.with_suffix(".null.npy"), column.is_null().to_numpy())


class CachedColumn:
    """A column of kept rows.

    Parameters
    ----------
    place
        Where `write` put it.
    dtype
        Its type.
    """

    def __init__(self, place: Path, dtype: pl.DataType) -> None:
        import numpy as np

        self.dtype, self._place = dtype, place
        self._values: Any = None
        self._missing: Any = None
        if place.with_suffix(".npy").exists():
            self._values = np.load(place.with_suffix(".npy"), mmap_mode="r")
            if place.with_suffix(".null.npy").exists():
                self._missing = np.load(place.with_suffix(".null.npy"), mmap_mode="r")

    def take(self, places: np.ndarray) -> pl.Series:
        """Return the values in some rows, shape (n,); null for a place below 0."""
        import numpy as np
        import polars as pl

        # Places below 0 are clipped to the first row and set to null after: one vectorised take, and no
        # branch a row.
        none = places < 0
        if self._values is None:
            index = pl.Series(places).set(pl.Series(none), None).cast(pl.UInt32)
            return self.all().gather(index)
        if not len(self._values):
            return pl.Series([None] * len(places), dtype=self.dtype)
        found = np.take(self._values, places, mode="clip")
        if self._missing is not None:
            none |= np.take(self._missing, places, mode="clip")
        column = pl.Series(found)
        if none.any():
            column = column.set(pl.Series(none), None)
        return column if column.dtype == self.dtype else column.cast(self.dtype)

    def all(self) -> pl.Series:
        """Return all values."""
        import numpy as np
        import polars as pl

        if self._values is None:
            return pl.read_ipc(self._place.with_suffix(".arrow"))["values"]
        return self.take(np.arange(len(self._values)))


def _is_plain(dtype: pl.DataType) -> bool:
    import polars as pl

    wide = dtype in {pl.Int128, pl.UInt128, pl.Decimal}
    return (dtype.is_numeric() and not wide) or dtype.is_temporal() or dtype == pl.Boolean


def _plain(column: pl.Series) -> np.ndarray:
    """Return the values as an array; where one is missing something stands that nobody looks at."""
    import numpy as np
    import polars as pl

    if column.dtype == pl.Boolean:
        return np.asarray(column.fill_null(value=False).to_numpy())
    return np.asarray(column.to_physical().fill_null(0).to_numpy())
