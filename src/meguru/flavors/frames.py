"""Any kind of table, as a polars frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl


def as_frame(data: Any) -> pl.DataFrame:
    """Return polars, pandas, dict-of-columns or matrix data as a polars frame; a named series is one column.

    Raises
    ------
    InvalidInput
        When the data is none of these.
    """
    import numpy as np
    import polars as pl

    if isinstance(data, pl.DataFrame):
        return data
    if isinstance(data, pl.LazyFrame):
        return data.collect()
    if isinstance(data, pl.Series):
        return data.to_frame()
    if hasattr(data, "to_frame") and getattr(data, "name", None) is not None:
        data = data.to_frame()
    if isinstance(data, np.ndarray) and data.ndim == 2:
        return pl.DataFrame({f"x{i}": data[:, i] for i in range(data.shape[1])})
    if isinstance(data, dict):
        return pl.DataFrame(data)
    if hasattr(data, "to_dict") and hasattr(data, "columns"):  # pandas, without asking for pyarrow
        names = [str(name) for name in data.columns]
        if len(set(names)) < len(names):
            twice = next(name for place, name in enumerate(names) if name in names[:place])
            raise InvalidInput(f"two columns are called {twice!r}", field=twice)
        columns = {str(name): _plain(data[name]) for name in data.columns}
        return pl.DataFrame({name: pl.Series(name, values, strict=False) for name, values in columns.items()})
    raise InvalidInput(
        f"a frame or a matrix is wanted, not {type(data).__name__}", hint="pass a polars or pandas DataFrame"
    )


def _plain(series: Any) -> Any:
    values = series.to_numpy()
    if values.dtype.kind == "M":  # polars knows no seconds
        return values.astype("datetime64[ms]") if values.dtype.str.endswith("[s]") else values
    if values.dtype.kind in "biuf":
        return values
    missing = series.isna().to_numpy()
    return [None if gone else value for value, gone in zip(values.tolist(), missing.tolist(), strict=True)]
