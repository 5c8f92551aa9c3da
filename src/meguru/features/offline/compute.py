"""Compute the rows of a view from its sources, by its transform, its query, or as they are."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meguru.base.library_errors import kind_and_reason, reason
from meguru.compute.dataset_param import Dataset
from meguru.datasets.sql.guard import check_reads_no_files
from meguru.errors import InvalidInput, MeguruError, UsageError
from meguru.features import code, dtypes
from meguru.features.offline.keys import require_columns
from meguru.features.types import PinnedView, ViewDefinition
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl


def rows_of(blobs: BlobStore, view: PinnedView, folder: Path) -> pl.DataFrame:
    """Return the rows of a view over its pinned data: keys, times and features, each of its type.

    Raises
    ------
    InvalidInput
        If the code fails, or does not return what the view says.
    """
    frames = {
        name: Dataset(one.ref, digest=one.digest, blobs=blobs).frame() for name, one in view.datasets.items()
    }
    return made(blobs, view, frames, folder)


def made(
    blobs: BlobStore, view: PinnedView, frames: Mapping[str, pl.DataFrame], folder: Path
) -> pl.DataFrame:
    """Return the rows that a view makes of frames, by the name of the source."""
    definition = view.definition
    if definition.push and not frames:
        return _no_rows(definition)
    if view.code is not None:
        with code.importing(blobs, view.code, folder / "code") as function:
            found = called(function, frames, view.ref)
    elif definition.sql:
        found = queried(definition.sql, frames, view.ref)
    else:
        (found,) = frames.values()
    return _checked(found, definition, view.ref)


def _no_rows(view: ViewDefinition) -> pl.DataFrame:
    """Return the rows of a view to which nothing was pushed yet."""
    import polars as pl

    moments = dict.fromkeys((name for name in (view.time, view.created) if name), pl.Datetime("us", "UTC"))
    types = {name: dtypes.polars_type(kind) for name, kind in view.features.items()}
    return pl.DataFrame(schema=dict.fromkeys(view.keys, pl.String) | moments | types)


def called(function: Callable[..., Any], frames: Mapping[str, pl.DataFrame], what: str) -> pl.DataFrame:
    """Call a transform with frames, by the names of its parameters when these are the sources'."""
    import polars as pl

    # By name where the parameters are called like the sources, which then may stand in any order; else by
    # position.
    names = list(inspect.signature(function).parameters)
    lazy = any("LazyFrame" in str(one.annotation) for one in inspect.signature(function).parameters.values())
    given: dict[str, Any] = {name: frame.lazy() if lazy else frame for name, frame in frames.items()}
    try:
        found = function(**given) if set(given) == set(names) else function(*given.values())
        if isinstance(found, pl.LazyFrame):
            found = found.collect()
    except MeguruError:
        raise
    except Exception as error:
        place = _line(error)
        why = kind_and_reason(error)[:500]
        raise InvalidInput(f"the transform of {what} failed", where=place, why=why) from error
    if not isinstance(found, pl.DataFrame):
        why = f"it returned {type(found).__name__}"
        raise InvalidInput(f"the transform of {what} must return a Polars frame", why=why)
    return found


def queried(sql: str, frames: Mapping[str, pl.DataFrame], what: str) -> pl.DataFrame:
    """Answer a query over frames, and over nothing else."""
    import polars as pl

    try:
        check_reads_no_files(sql)
    except UsageError as error:
        raise InvalidInput(
            "a query reads the sources alone", why=error.why or error.what, where=what, field="sql"
        ) from None
    try:
        return pl.SQLContext(dict(frames)).execute(sql, eager=True)
    except pl.exceptions.PolarsError as error:
        why = reason(error)
        raise InvalidInput(f"the query of {what} can't be answered", why=why, field="sql") from error


def features_of(frame: pl.DataFrame, view: ViewDefinition) -> dict[str, str]:
    """Return the features of computed rows: those that were said, else every other column."""
    if view.features:
        return dict(view.features)
    others = {*view.keys, view.time, view.created}
    return {name: dtypes.spelled(kind) for name, kind in frame.schema.items() if name not in others}


def _checked(frame: pl.DataFrame, view: ViewDefinition, what: str) -> pl.DataFrame:
    import polars as pl

    moments = [name for name in (view.time, view.created) if name]
    if view.push and view.created not in frame.columns:  # rows of before the first push
        frame = frame.with_columns(pl.lit(None, pl.Datetime("us", "UTC")).alias(view.created))
    require_columns(frame, [*view.keys, *moments, *view.features], what=what)
    features = features_of(frame, view)
    if not features and not view.push:
        raise InvalidInput(f"{what} has no feature", why="it has keys and times alone")
    if ours := [name for name in features if name.startswith("__")]:
        hint = "names that begin with two underscores are our own"
        raise InvalidInput(f"{what} can't have a feature {ours[0]!r}", hint=hint, field="features")
    columns = list(dict.fromkeys([*view.keys, *moments, *features]))
    return frame.select(columns).with_columns(
        [_typed(frame[name], kind, what) for name, kind in view.features.items()]
    )


def _typed(column: pl.Series, kind: str, what: str) -> pl.Series:
    import polars as pl

    try:
        return column.cast(dtypes.polars_type(kind), strict=True)
    except pl.exceptions.PolarsError as error:
        why = reason(error)
        raise InvalidInput(f"{column.name!r} of {what} is no {kind}", why=why, field="features") from error


def _line(error: BaseException) -> str:
    trace, where = error.__traceback__, ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if "site-packages" not in file and "/meguru/features/" not in file:
            where = f"{Path(file).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return where
