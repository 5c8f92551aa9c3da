"""Infer the features of a view: from the types of its data, or from its first rows."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from meguru.base import refs
from meguru.compute.dataset_param import open_dataset
from meguru.datasets import store as datasets
from meguru.datasets.types import DatasetColumn
from meguru.errors import InvalidInput, MeguruError, NotFound
from meguru.features import dtypes, store
from meguru.features.kind import FeatureViewSpec
from meguru.features.types import FeatureCode, PinnedView, ViewDefinition
from meguru.kernel.operations import Context
from meguru.kernel.remote import RemoteWorkspace
from meguru.kernel.workspace import Workspace

if TYPE_CHECKING:
    import polars as pl

_ROWS = 1000


def features_of(ctx: Context, name: str, view: ViewDefinition) -> dict[str, str]:
    """Return the features of a view as far as that can be told without its rows; empty if it can't.

    What a function returned for the first rows was told when its code was kept. A query is looked at, and
    answers over no rows.

    Raises
    ------
    InvalidInput
        If the query makes no sense for the columns that its sources have.
    """
    if view.code:
        code = store.code(ctx.tx, name, view.code)
        return code.features if code else {}
    found = {
        source: _columns(ctx, refs.within(refs.project_of(name), dataset))
        for source, dataset in view.sources.items()
    }
    columns = {source: each for source, each in found.items() if each is not None}
    if len(columns) < len(found):  # no version of a source is there yet
        return {}
    if not view.sql:
        (only,) = columns.values()
        others = {*view.keys, view.time, view.created}
        return {each.name: each.type for each in only if each.name not in others}
    return _of_query(view, columns, name)


def types_of_sources(ctx: Context, name: str, view: ViewDefinition) -> dict[str, str]:
    """Return the types of the columns of a view's sources that values can be read as."""
    return {
        column.name: column.type
        for dataset in view.sources.values()
        for column in _columns(ctx, refs.within(refs.project_of(name), dataset)) or ()
        if column.type in dtypes.NAMES
    }


def _of_query(view: ViewDefinition, columns: Mapping[str, list[DatasetColumn]], name: str) -> dict[str, str]:
    import polars as pl

    from meguru.features.offline import compute

    frames = {
        source: pl.DataFrame(schema={each.name: dtypes.polars_type(each.type) for each in listed})
        for source, listed in columns.items()
    }
    found = compute.queried(view.sql, frames, refs.make("feature_view", name))
    return compute.features_of(found, view)


def _columns(ctx: Context, dataset: str) -> list[DatasetColumn] | None:
    try:
        return datasets.resolve(ctx.tx, dataset).columns
    except NotFound:
        return None


def on_sample(ws: Workspace | RemoteWorkspace, code: FeatureCode, fields: dict[str, Any]) -> dict[str, str]:
    """Return the features that a function returns for the first rows of its sources; empty if it fails.

    Raises
    ------
    InvalidInput
        If it is said to be incremental, and what it returns for a row depends on others.
    """
    spec = msgspec.convert(fields, FeatureViewSpec)
    if not spec.sources or (spec.features and not spec.incremental):
        return {}
    from meguru.features.offline import compute, incremental

    frames = _first_rows(ws, spec.sources)
    if not frames:
        return {}
    definition = ViewDefinition(transform=spec.transform, time=spec.time, created=spec.created)
    view = PinnedView(ref="feature_view/sample@1", definition=definition, code=code)
    try:
        with tempfile.TemporaryDirectory(prefix="meguru-sample-") as folder:
            found = compute.made(ws.blobs, view, frames, Path(folder))
            alone = not spec.incremental or all(
                incremental.is_row_wise(ws.blobs, view, name, rows, Path(folder))
                for name, rows in frames.items()
            )
    except MeguruError:  # it may need more rows; it is found when all are computed
        return {}
    if not alone:
        why = "the first rows, given in two parts, are not what they are together"
        raise InvalidInput("the function looks at more than each row", field="incremental", why=why)
    keys = _keys(ws, spec)
    return {key: kind for key, kind in compute.features_of(found, definition).items() if key not in keys}


def _keys(ws: Workspace | RemoteWorkspace, spec: FeatureViewSpec) -> set[str]:
    from meguru.features.show import show_entity

    found: set[str] = set()
    for entity in spec.entities:
        try:
            found |= set(show_entity(ws, name=entity).key)
        except NotFound:  # it is declared by the same apply, and named like its column or not at all
            found.add(entity)
    return found


def _first_rows(ws: Workspace | RemoteWorkspace, sources: Mapping[str, str]) -> dict[str, pl.DataFrame]:
    try:
        return {
            name: open_dataset(ws, dataset).scan().head(_ROWS).collect() for name, dataset in sources.items()
        }
    except MeguruError:  # nothing is there yet
        return {}
