"""On-demand features of a training set, by the function that serves them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from meguru.base.cache import cache_folder
from meguru.base.library_errors import reason
from meguru.errors import InvalidInput
from meguru.features import code, dtypes
from meguru.features.offline.cache import cached_rows
from meguru.features.offline.join import feature_values, matched
from meguru.features.offline.keys import require_columns
from meguru.features.offline.row_files import CachedRows
from meguru.features.on_demand.compute import computed
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
    opened = [(pinned_view, cached_rows(blobs, pinned_view, folder)) for pinned_view in view.inputs]
    made_from, place = view.code, (folder or cache_folder("features")) / "code"

    def compute(asking: AskingRows) -> pl.DataFrame:
        given = _given(asking, view.definition, opened)
        with code.importing(blobs, made_from, place) as function:
            return computed(function, given, view.definition, view.ref)

    return compute


def _given(
    asking: AskingRows, definition: ViewDefinition, opened: list[tuple[PinnedView, CachedRows]]
) -> pl.DataFrame:
    """Return the columns that the function of an on-demand view gets."""
    import polars as pl

    require_columns(asking.frame, list(definition.request), what="the frame")
    columns = [
        _cast(asking.frame[name], kind.removesuffix(dtypes.MAY_LACK), name)
        for name, kind in definition.request.items()
    ]
    for one, rows in opened:
        found = matched(rows, asking.frame, asking.moments, one.definition.ttl, asking.on)
        picked = one.picked or list(rows.about.features)
        columns += [feature_values(rows, found, name, one.definition).alias(name) for name in picked]
    return pl.DataFrame(columns) if columns else pl.DataFrame(height=asking.frame.height)


def _cast(column: pl.Series, kind: str, name: str) -> pl.Series:
    import polars as pl

    try:
        return column.cast(dtypes.polars_type(kind), strict=True)
    except pl.exceptions.PolarsError as error:
        why = reason(error)
        raise InvalidInput(f"{name!r} is no {kind}", why=why, field=name) from error
