"""The kind of frame that an estimator was trained on, and how rows become one again.

Rows travel as polars frames with the types of a signature. An estimator that was trained on a pandas frame
calls pandas methods, and one trained on categories, dates or small integers wants these: so the kind of frame
and the types of its columns are kept with the model.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from meguru.errors import InvalidInput, MissingDependency

if TYPE_CHECKING:
    import polars as pl

_NUMBERS = r"(?:[Uu]?[Ii]nt(?:8|16|32|64)|[Ff]loat(?:16|32|64))"
_TIMES = r"datetime64\[(?:s|ms|us|ns)(?:, [A-Za-z0-9_+:/-]{1,40})?\]"
_PANDAS = re.compile(rf"bool|boolean|str|string|object|object/none|date|{_NUMBERS}|{_TIMES}")
_POLARS = re.compile(
    r"U?Int(?:8|16|32|64)|Float(?:32|64)|Boolean|String|Date|Categorical|Datetime\((?:ms|us|ns)\)"
)
_USUAL = {"Boolean", "Float64", "Int64", "String"}
_MISSING_NAN = {"", "object", "str"}
MAX_CATEGORIES = 1_000_000


class TrainedColumn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a column of a training frame was.

    Attributes
    ----------
    name, type
        The type in the words of the frame's library, empty for categories; ``date`` is an object column of
        dates, ``object/none`` one whose missing values are None.
    categories, ordered
        The categories in order, and whether the order counts.
    """

    name: str
    type: str = ""
    categories: tuple[str | int | float | bool, ...] = ()
    ordered: bool = False


class TrainedFrame(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a training frame was: its library, and the columns that were not as a signature has them."""

    kind: Literal["pandas", "polars"]
    columns: tuple[TrainedColumn, ...] = ()

    @property
    def categories(self) -> dict[str, tuple[Any, ...]]:
        """The categories of the columns that have any, by name."""
        return {column.name: column.categories for column in self.columns if column.categories}

    def check(self) -> None:
        """Raise InvalidInput when a type is none that a frame could have had."""
        known = _PANDAS if self.kind == "pandas" else _POLARS
        strange = [column.type for column in self.columns if column.type and not known.fullmatch(column.type)]
        if strange or sum(len(column.categories) for column in self.columns) > MAX_CATEGORIES:
            why = f"{strange[0][:60]!r} is no type of {self.kind}" if strange else "too many categories"
            raise InvalidInput("the trained frame is broken", field="frame", why=why)

    def of(self, rows: pl.DataFrame) -> Any:
        """Return rows, typed as the signature says, as the frame that the estimator knows."""
        return self._pandas(rows) if self.kind == "pandas" else self._polars(rows)

    def _polars(self, rows: pl.DataFrame) -> pl.DataFrame:
        import polars as pl

        columns = [column for column in self.columns if column.name in rows.columns]
        casts = [pl.col(column.name).cast(_polars_type(column), strict=False) for column in columns]
        return rows.with_columns(casts) if casts else rows

    def _pandas(self, rows: pl.DataFrame) -> Any:
        try:
            import pandas as pd
        except ImportError as error:
            why = "its estimator was trained on a pandas frame"
            raise MissingDependency("the model needs pandas", why=why, hint="pip install pandas") from error
        columns = {column.name: column for column in self.columns}
        usual = TrainedColumn(name="")
        made = {name: _column(pd, rows.get_column(name), columns.get(name, usual)) for name in rows.columns}
        return pd.DataFrame(made, copy=False)


def trained_frame(data: Any) -> TrainedFrame | None:
    """Return what kind of frame `data` is; None for a matrix and for plain columns."""
    module = type(data).__module__.partition(".")[0]
    if module == "polars" and hasattr(data, "collect_schema"):
        return _of_polars(data.collect_schema())
    if module == "pandas" and hasattr(data, "columns"):
        was = tuple(_was_pandas(str(name), data[name]) for name in data.columns)
        return TrainedFrame(kind="pandas", columns=was)
    return None


def _column(pd: Any, series: pl.Series, was: TrainedColumn) -> Any:
    """Return a column of a pandas frame."""
    if was.categories:
        # With the categories of the training, in their order: an estimator that takes codes would take others
        # for another value.
        values = _as_categories(series, was.categories)
        return pd.Categorical(values, categories=list(was.categories), ordered=was.ordered)
    if series.dtype.is_temporal():
        return _times(pd, series, was.type)
    if series.dtype.is_numeric() and not series.null_count():
        return pd.Series(series.to_numpy(), dtype=was.type.partition("/")[0] or None)
    if series.dtype.is_numeric() and was.type == was.type.lower():  # NumPy's have NaN for what is missing
        with_nan = series.cast(_float()).to_numpy()
        return pd.Series(with_nan, dtype=was.type if was.type.startswith("float") else None)
    missing = float("nan") if was.type in _MISSING_NAN else None
    listed = [missing if value is None else value for value in series.to_list()]
    return pd.Series(listed, dtype=was.type.partition("/")[0] or None)


def _as_categories(series: pl.Series, categories: Iterable[Any]) -> list[Any]:
    """Return values as the categories write them; one that is none of them is missing.

    Rows bring texts or floats where the categories are integers.
    """
    known = list(categories)
    # First the spellings as floats, then the own ones, which win: a text "1.0" may be a category beside the
    # number 1.
    written: dict[str, Any] = {str(float(each)): each for each in known if type(each) is int}
    written |= {str(each): each for each in known}
    return [None if value is None else written.get(str(value)) for value in series.to_list()]


def _times(pd: Any, series: pl.Series, kind: str) -> Any:
    if kind == "date":
        return pd.Series(series.dt.date().to_list(), dtype=object)
    # NumPy has no zones: times travel in UTC, and the zone of the training is put on again below.
    times = pd.Series(series.dt.replace_time_zone(None).to_numpy())
    if "," not in kind:
        return times.astype(kind or "datetime64[us]")
    return times.dt.tz_localize("UTC").astype(kind)


def _was_pandas(name: str, series: Any) -> TrainedColumn:
    dtype = series.dtype
    if hasattr(dtype, "categories"):
        categories = tuple(_plain(each) for each in dtype.categories.tolist())
        return TrainedColumn(name=name, categories=categories, ordered=bool(dtype.ordered))
    kind = _object_type(series) if str(dtype) == "object" else str(dtype)
    return TrainedColumn(name=name, type=kind if _PANDAS.fullmatch(kind) else "")


def _object_type(series: Any) -> str:
    known = series.dropna()
    if len(known) and type(known.iloc[0]) is dt.date:
        return "date"
    return "object/none" if any(value is None for value in series[series.isna()]) else "object"


def _plain(category: Any) -> Any:
    return category if isinstance(category, str | int | float | bool) else str(category)


def _of_polars(schema: Any) -> TrainedFrame:
    import polars as pl

    found = []
    for name, dtype in schema.items():
        if isinstance(dtype, pl.Enum):
            found.append(TrainedColumn(name=name, categories=tuple(dtype.categories.to_list())))
            continue
        said = f"Datetime({dtype.time_unit})" if isinstance(dtype, pl.Datetime) else str(dtype.base_type())
        if said not in _USUAL and dtype != pl.Datetime("us", "UTC") and _POLARS.fullmatch(said):
            found.append(TrainedColumn(name=name, type=said))
    return TrainedFrame(kind="polars", columns=tuple(found))


def _polars_type(column: TrainedColumn) -> Any:
    import polars as pl

    if column.categories:
        return pl.Enum([str(category) for category in column.categories])
    unit = re.fullmatch(r"Datetime\((..)\)", column.type)
    return pl.Datetime(unit[1]) if unit else getattr(pl, column.type)  # type: ignore[arg-type]


def _float() -> Any:
    import polars as pl

    return pl.Float64
