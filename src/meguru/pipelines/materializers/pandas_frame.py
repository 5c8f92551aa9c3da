"""pandas frames with a plain index, by way of Arrow files."""

from __future__ import annotations

from typing import Any

from meguru.errors import InvalidInput
from meguru.pipelines.materializers.base import Place, Value, is_from
from meguru.pipelines.materializers.polars_frame import POLARS


class PandasFrame:
    """Numbers, truth values, moments and text; whatever would come back different is refused."""

    def fits(self, value: Any) -> bool:
        """Tell whether the value is a DataFrame or a Series."""
        return is_from(value, "pandas") and type(value).__name__ in {"DataFrame", "Series"}

    def save(self, value: Any, annotation: Any, place: Place) -> Value:
        """Write the columns, if reading them back gives an equal frame."""
        import polars as pl

        shape = type(value).__name__
        unnamed = shape == "Series" and value.name is None
        frame = value.to_frame("values" if unnamed else value.name) if shape == "Series" else value
        names = [str(name) for name in frame.columns]
        dtypes = {str(name): str(frame[name].dtype) for name in frame.columns}
        try:
            columns = [pl.Series(str(name), _values(frame[name])) for name in frame.columns]
            written = POLARS.save(pl.DataFrame(columns), annotation, place)
            meta = {"shape": shape, "dtypes": dtypes, "named": not unnamed}
            made = Value(kind="pandas", digest=written.digest, size=written.size, meta=meta)
            same = names == list(frame.columns) and self.load(made, annotation, place).equals(value)
        except (TypeError, ValueError, pl.exceptions.PolarsError):
            same = False
        if not same:
            raise InvalidInput(
                "this pandas object can't be written so that it comes back equal",
                why="its index is not the plain one, a name is no text, or a column has a special type",
                hint="call reset_index() and use plain columns, or return a Polars frame",
            )
        return made

    def load(self, value: Value, annotation: Any, place: Place) -> Any:
        """Read the columns into pandas."""
        import pandas as pd  # type: ignore[import-untyped]
        import polars as pl

        stored = Value(kind="polars", digest=value.digest, size=value.size, meta={"shape": "DataFrame"})
        frame: pl.DataFrame = POLARS.load(stored, annotation, place)
        dtypes: dict[str, str] = value.meta["dtypes"]
        columns = {
            name: pd.Series(
                frame[name].to_list()
                if dtypes[name] in {"str", "object"}
                else frame[name].to_numpy(writable=True),
                dtype=dtypes[name],
            )
            for name in frame.columns
        }
        made = pd.DataFrame(columns)
        if value.meta["shape"] == "DataFrame":
            return made
        series = made.iloc[:, 0]
        return series if value.meta["named"] else series.rename(None)


def _values(column: Any) -> Any:
    if str(column.dtype) in {"str", "object"}:
        return [None if item is None or item != item else item for item in column]  # noqa: PLR0124 - NaN test
    return column.to_numpy(copy=True)


PANDAS = PandasFrame()
