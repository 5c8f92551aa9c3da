"""Run the function of an on-demand view on rows: in a step for a training set, in a host for a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from meguru.base.library_errors import kind_and_reason, reason
from meguru.errors import InvalidInput, MeguruError
from meguru.features import dtypes
from meguru.features.types import ViewDefinition

if TYPE_CHECKING:
    import polars as pl


def computed(
    function: Callable[..., Any], rows: pl.DataFrame, definition: ViewDefinition, what: str
) -> pl.DataFrame:
    """Return what a function makes of rows: a row out for each row in, with just the view's features.

    A function of frames returns a frame, or columns or expressions by name; one of rows is given a dict, and
    returns one.

    Raises
    ------
    InvalidInput
        If it fails, or gives something else, other features, or another number of rows.
    """
    try:
        return _computed(function, rows, definition)
    except MeguruError as error:
        if isinstance(error, InvalidInput) and not error.where:
            raise InvalidInput(f"{what}: {error.what}", why=error.why, where=what, hint=error.hint) from error
        raise
    except Exception as error:
        why = kind_and_reason(error)[:500]
        raise InvalidInput(f"the function of {what} failed", where=what, why=why) from error


def _computed(function: Callable[..., Any], rows: pl.DataFrame, definition: ViewDefinition) -> pl.DataFrame:
    import polars as pl

    features = definition.features
    given = _by_row(function, rows, features) if definition.mode == "row" else function(rows)
    if isinstance(given, Mapping):
        return _selected(rows, given, features)
    if isinstance(given, pl.LazyFrame):
        given = given.collect()
    if not isinstance(given, pl.DataFrame):
        kind = type(given).__name__
        raise InvalidInput("the function gives no frame", why=f"it gave {kind}", hint="return a frame")
    return _selected(given, {name: pl.col(name) for name in given.columns}, features, asked=rows.height)


def _by_row(
    function: Callable[..., Any], rows: pl.DataFrame, features: Mapping[str, str]
) -> Mapping[str, Any]:
    found = [function(row) for row in rows.iter_rows(named=True)]
    for one in found:
        if not isinstance(one, Mapping):
            raise InvalidInput("the function gives no dict", why=f"it gave {type(one).__name__}")
    return {name: [one.get(name) for one in found] for name in features}


def _column(values: Any) -> Any:
    import polars as pl

    if isinstance(values, pl.Expr | pl.Series):
        return values
    is_one = isinstance(values, str | bytes | int | float | None) or not hasattr(values, "__len__")
    return pl.lit(values) if is_one else pl.Series(values)


def _selected(
    rows: pl.DataFrame, given: Mapping[str, Any], features: Mapping[str, str], asked: int | None = None
) -> pl.DataFrame:
    """Return just the features, with the types that were said; in one go, for each request pays it."""
    import polars as pl

    missing = [name for name in features if name not in given]
    if missing:
        why = f"it gave {', '.join(map(str, given))[:200]}"
        raise InvalidInput(f"the function gives no feature {missing[0]!r}", why=why)
    try:
        made = [
            _column(given[name]).cast(dtypes.polars_type(kind)).alias(name) for name, kind in features.items()
        ]
        found = rows.select(made)
        if found.height != rows.height:  # constants alone
            found = rows.with_columns(made).select(list(features))
    except pl.exceptions.PolarsError as error:
        why = reason(error)
        raise InvalidInput("the function gives other values than it should", why=why) from error
    if asked is not None and found.height != asked:
        why = f"it gave {found.height:,} for {asked:,}"
        raise InvalidInput("the function does not give one row for each row", why=why)
    return found
