"""pandas frames and series, with their index, by way of Arrow files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meguru.compute.materializers.base import Value, ValueStore, is_from
from meguru.compute.materializers.pandas_column import read, write
from meguru.compute.materializers.plain import PLAIN
from meguru.compute.materializers.polars_frame import POLARS
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

_CHECKED = 256 << 20
"""Bytes up to which a frame is read back: a larger one would need its memory twice."""


class PandasFrame:
    """Numbers, truth values, moments, durations, text, categories and nullable types, under any plain index.

    Whatever would come back different is refused. Values up to 256 MB are read back to see that.
    """

    def fits(self, value: Any) -> bool:
        """Tell whether the value is a DataFrame or a Series."""
        return is_from(value, "pandas") and type(value).__name__ in {"DataFrame", "Series"}

    def save(self, value: Any, annotation: Any, place: ValueStore) -> Value:
        """Write the columns and the index."""
        shape = type(value).__name__
        frame = value.to_frame() if shape == "Series" else value
        try:
            if value.attrs or frame.columns.nlevels > 1:
                raise TypeError("it has attrs, or columns in levels")
            made = _write(frame, {"shape": shape, "name": _name(value)}, annotation, place)
            if made.size <= _CHECKED and not _same(self.load(made, annotation, place), value):
                raise TypeError("it would come back different")
        except (TypeError, ValueError, OverflowError, _polars_error()) as error:
            raise InvalidInput(
                "this pandas object can't be written so that it comes back equal",
                why=str(error),
                hint="use plain columns and names (reset_index() may help), or return a Polars frame",
            ) from error
        return made

    def load(self, value: Value, annotation: Any, place: ValueStore) -> Any:
        """Read the columns into pandas."""
        import pandas as pd

        stored = Value(kind="polars", digest=value.digest, size=value.size, meta={"shape": "DataFrame"})
        columns: pl.DataFrame = POLARS.load(stored, annotation, place)
        meta = value.meta
        index = _read_index(meta["index"], columns)
        series = {n: read(columns[f"c{n}"], dtype) for n, dtype in enumerate(meta["dtypes"])}
        made = pd.DataFrame({n: one.set_axis(index) for n, one in series.items()}, index=index)
        if meta["shape"] == "Series":
            return made.iloc[:, 0].rename(meta["name"])
        made.columns = _labels(meta["columns"], meta["columns_name"])
        return made


def _write(frame: Any, meta: dict[str, Any], annotation: Any, place: ValueStore) -> Value:
    import polars as pl

    labels = list(frame.columns)
    if not PLAIN.fits(labels):
        raise TypeError("the names of its columns are not plain")
    columns, dtypes = [], []
    for n in range(len(labels)):
        values, dtype = write(frame.iloc[:, n])
        columns.append(values.alias(f"c{n}"))
        dtypes.append(dtype)
    described = _describe_index(frame.index, columns)
    written = POLARS.save(pl.DataFrame(columns), annotation, place)
    meta |= {"dtypes": dtypes, "index": described}
    if meta["shape"] == "DataFrame":
        name = frame.columns.name
        meta |= {"columns": labels, "columns_name": name if name is None else str(name)}
    return Value(kind="pandas", digest=written.digest, size=written.size, meta=meta)


def _describe_index(index: Any, columns: list[pl.Series]) -> dict[str, Any]:
    """Describe an index; what is in it becomes columns beside the others."""
    import pandas as pd

    if not PLAIN.fits(list(index.names)):
        raise TypeError("the names of its index are not plain")
    described: dict[str, Any] = {"names": list(index.names)}
    if isinstance(index, pd.RangeIndex):
        return described | {"range": [index.start, index.stop, index.step]}
    dtypes = []
    for level in range(index.nlevels):
        values, dtype = write(index.get_level_values(level).to_series(index=range(len(index))))
        columns.append(values.alias(f"i{level}"))
        dtypes.append(dtype)
    frequency = getattr(index, "freqstr", None)
    return described | {"dtypes": dtypes, "levels": index.nlevels > 1, "freq": frequency}


def _read_index(described: dict[str, Any], columns: pl.DataFrame) -> Any:
    import pandas as pd

    names = described["names"]
    if "range" in described:
        start, stop, step = described["range"]
        return pd.RangeIndex(start, stop, step, name=names[0])
    levels = [read(columns[f"i{n}"], dtype) for n, dtype in enumerate(described["dtypes"])]
    if described["levels"]:
        return pd.MultiIndex.from_arrays(levels, names=names)
    index = pd.Index(levels[0], name=names[0])
    if described["freq"] is not None:
        index.freq = described["freq"]
    return index


def _labels(labels: list[Any], name: str | None) -> Any:
    import pandas as pd

    if labels == list(range(len(labels))) and all(type(label) is int for label in labels):
        return pd.RangeIndex(len(labels), name=name)
    return pd.Index(labels, name=name)


def _same(found: Any, value: Any) -> bool:
    import pandas as pd

    try:
        if value.ndim == 1:
            pd.testing.assert_series_equal(found, value, check_exact=True)
        else:
            pd.testing.assert_frame_equal(found, value, check_exact=True, check_column_type=False)
    except AssertionError:
        return False
    return True


def _name(value: Any) -> Any:
    name = getattr(value, "name", None) if value.ndim == 1 else None
    if not PLAIN.fits(name):
        raise TypeError("its name is not plain")
    return name


def _polars_error() -> Any:
    import polars as pl

    return pl.exceptions.PolarsError


PANDAS = PandasFrame()
