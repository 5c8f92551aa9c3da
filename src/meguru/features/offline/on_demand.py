"""Features that are computed when somebody asks: here for a whole training set, by the code that serves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from meguru.base.cache import cache_folder
from meguru.errors import InvalidInput, MeguruError
from meguru.features import code, dtypes
from meguru.features.offline.cache import kept_rows
from meguru.features.offline.join import matched
from meguru.features.offline.kept import KeptRows
from meguru.features.offline.keys import need
from meguru.features.types import PinnedView, ViewDefinition
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl


class AskingRows(NamedTuple):
    """Rows that ask: the columns they have, their moments, and by key which column has it."""

    frame: pl.DataFrame
    moments: pl.Series | None
    on: Mapping[str, str]


Computer = Callable[[AskingRows], "pl.DataFrame"]
"""Gives the features of an on-demand view, one row for each that asks."""


def computer(blobs: BlobStore, view: PinnedView, folder: Path | None) -> Computer:
    """Return what computes the features of an on-demand view.

    Its function gets the fields of the request, which the rows have as columns, and the values of its inputs
    at each row's moment.
    """
    if view.code is None:
        raise InvalidInput(f"{view.ref} has no code", hint="meguru apply")
    opened = [(one, kept_rows(blobs, one, folder)) for one in view.inputs]
    made_from, place = view.code, (folder or cache_folder("features")) / "code"

    def compute(asking: AskingRows) -> pl.DataFrame:
        given = _given(asking, view.definition, opened)
        with code.importing(blobs, made_from, place) as function:
            return apply(function, given, view.definition, view.ref)

    return compute


def _given(
    asking: AskingRows, definition: ViewDefinition, opened: list[tuple[PinnedView, KeptRows]]
) -> pl.DataFrame:
    """Return the columns that the function of an on-demand view gets."""
    import polars as pl

    need(asking.frame, list(definition.request), what="the frame")
    columns = [_cast(asking.frame[name], kind, name) for name, kind in definition.request.items()]
    for one, rows in opened:
        found = matched(rows, asking.frame, asking.moments, one.definition.ttl, asking.on)
        picked = one.picked or list(rows.about.features)
        columns += [rows.column(name).take(found.rows).alias(name) for name in picked]
    return pl.DataFrame(columns) if columns else pl.DataFrame(height=asking.frame.height)


def apply(
    function: Callable[..., Any], given: pl.DataFrame, definition: ViewDefinition, what: str
) -> pl.DataFrame:
    """Run the function of an on-demand view over rows; the result has its features, of their types.

    Raises
    ------
    InvalidInput
        If the function fails, or does not return one row for each.
    """
    import polars as pl

    schema = {name: dtypes.polars_type(kind) for name, kind in definition.features.items()}
    try:
        if definition.mode == "row":
            rows = [_row(function, one, definition) for one in given.iter_rows(named=True)]
            return pl.DataFrame(rows, schema=schema, strict=False)
        found = function(given)
        found = found.collect() if isinstance(found, pl.LazyFrame) else found
    except MeguruError:
        raise
    except Exception as error:
        why = f"{type(error).__name__}: {error}"[:500]
        raise InvalidInput(f"the function of {what} failed", why=why) from error
    if not isinstance(found, pl.DataFrame) or found.height != given.height:
        got = f"{found.height} rows for {given.height}" if isinstance(found, pl.DataFrame) else type(found)
        raise InvalidInput(f"the function of {what} must return one row for each", why=f"it gave {got}")
    need(found, list(schema), what=f"what {what} returned")
    return found.select(_cast(found[name], kind, name) for name, kind in definition.features.items())


def _row(function: Callable[..., Any], given: dict[str, Any], definition: ViewDefinition) -> dict[str, Any]:
    found = function(given)
    return {name: found[name] for name in definition.features}


def _cast(column: pl.Series, kind: str, name: str) -> pl.Series:
    import polars as pl

    try:
        return column.cast(dtypes.polars_type(kind), strict=True)
    except pl.exceptions.PolarsError as error:
        why = str(error).split("\n", 1)[0][:200]
        raise InvalidInput(f"{name!r} is no {kind}", why=why, field=name) from error
