"""Frames as people have them: Polars, pandas, Arrow, or anything else with the Arrow stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meguru.base.library_errors import reason
from meguru.errors import InvalidInput, MissingDependency

if TYPE_CHECKING:
    import polars as pl


def as_frame(given: Any) -> pl.DataFrame:
    """Return a Polars frame of what was given; its rows and their order are those of the original.

    Raises
    ------
    InvalidInput
        If it is no table.
    """
    import polars as pl

    if isinstance(given, pl.DataFrame):
        return given
    if isinstance(given, pl.LazyFrame):
        return given.collect()
    kind = type(given)
    try:
        if kind.__module__.partition(".")[0] == "pandas":
            return pl.from_pandas(given)
        if hasattr(given, "__arrow_c_stream__") or isinstance(given, dict | list):
            return pl.DataFrame(given)
    except ImportError as error:
        raise MissingDependency.of("pandas", "pyarrow") from error
    except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
        why = reason(error)
        raise InvalidInput(f"the {kind.__name__} can't be read as a table", why=why) from error
    hint = "give a Polars, pandas or Arrow table"
    raise InvalidInput(f"{kind.__name__} is no table", hint=hint)
