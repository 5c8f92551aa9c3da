"""Features from Python: training sets, the same on a local workspace and on a server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from meguru.base import digests
from meguru.base.cache import cache_folder
from meguru.compute.features_param import Features
from meguru.datasets.personal.masking import look
from meguru.errors import Forbidden, NotFound
from meguru.features.offline import leakage, profile
from meguru.features.offline import training as offline
from meguru.features.offline.cache import cached_rows
from meguru.features.offline.leakage import LeakReport
from meguru.features.pinning import check_keys, choose_service, choose_views, with_datasets
from meguru.features.record import record_rows, view_rows
from meguru.features.show import view_versions
from meguru.features.types import FeatureSet, PinnedDataset, PinnedView, ViewRows
from meguru.kernel.remote import RemoteWorkspace
from meguru.kernel.workspace import Workspace

if TYPE_CHECKING:
    import polars as pl


class TrainingSet:
    """A training set, and the record from which it is made again.

    Attributes
    ----------
    frame
        The rows that were given, in their order, with the features.
    chosen
        The versions of views, their definitions, and the versions of data under them.
    """

    def __init__(self, frame: pl.DataFrame, chosen: FeatureSet) -> None:
        self.frame, self.chosen = frame, chosen

    def __repr__(self) -> str:
        return f"TrainingSet({self.chosen.ref!r}, {self.frame.height:,} rows)"

    @property
    def digest(self) -> str:
        """The digest of the rows: names, types and values, in their order."""
        return offline.digest_of(self.frame)

    @property
    def record(self) -> dict[str, Any]:
        """What it was made from, as plain data: versions of views and data, and the digest of the rows."""
        views = [each for view in self.chosen.views for each in (view, *view.inputs)]
        return {
            "ref": self.chosen.ref,
            "set": digests.of_value(self.chosen),
            "views": {each.ref: each.definition.digest for each in views},
            "datasets": {one.ref: one.digest for each in views for one in each.datasets.values()},
            "rows": self.frame.height,
            "digest": self.digest,
        }

    def to_polars(self) -> pl.DataFrame:
        """Return the rows as a Polars frame."""
        return self.frame

    def to_df(self) -> Any:
        """Return the rows as a pandas frame, as Feast calls it."""
        return self.frame.to_pandas()

    def to_arrow(self) -> Any:
        """Return the rows as an Arrow table."""
        return self.frame.to_arrow()


def training(
    ws: Workspace | RemoteWorkspace,
    frame: Any,
    features: str | Sequence[str],
    *,
    time: str = "",
    on: Mapping[str, str] | None = None,
    ages: bool = False,
    statuses: bool = False,
    clear: str = "",
) -> TrainingSet:
    """Return the rows of a frame, each with what was known of its entities at its moment.

    Parameters
    ----------
    ws
        A workspace, here or on a server; rows are computed here.
    frame
        Polars, pandas or Arrow, with the columns of the entities' keys.
    features
        A service (``"delay"``, ``"delay@2"``), or views and single features: ``["weather", "plane:age"]``.
    time, on, ages, statuses
        As in `Features.join`.
    clear
        What personal columns are needed for: without it they are masked. It needs the right to see them, and
        is written down.

    Raises
    ------
    InvalidInput
        If a key is a personal column that nobody asked to see.
    """
    chosen = with_clear_columns(ws, choose(ws, features), clear)
    return remade(ws, chosen, frame, time=time, on=on, ages=ages, statuses=statuses)


def remade(
    ws: Workspace | RemoteWorkspace,
    chosen: FeatureSet,
    frame: Any,
    *,
    time: str = "",
    on: Mapping[str, str] | None = None,
    ages: bool = False,
    statuses: bool = False,
) -> TrainingSet:
    """Make a training set from versions that were chosen before: the same rows give the same again."""
    options = offline.JoinOptions(time=time, on=dict(on or {}), ages=ages, statuses=statuses)
    training_set = TrainingSet(offline.training(ws.blobs, chosen, frame, options, folder_of(ws)), chosen)
    # Here, where the rows are: servers run no code of a project, and only see what was told of them.
    for view in chosen.views:
        if view.definition.form != "on_demand":
            record_profile(ws, view)
    return training_set


def with_clear_columns(ws: Workspace | RemoteWorkspace, chosen: FeatureSet, clear: str) -> FeatureSet:
    """Return a set with personal columns in clear, if `clear` says what for.

    Raises
    ------
    InvalidInput
        If it does not, and a view has its rows by such a column.
    """
    if clear:

        def in_clear(dataset: PinnedDataset) -> PinnedDataset:
            return msgspec.structs.replace(dataset, digest=look(ws, ref=dataset.ref, reason=clear).digest)

        return with_datasets(chosen, lambda one: in_clear(one) if one.hidden else one)
    check_keys(chosen, hint="say what it is needed for: clear=… (--clear REASON)")
    return chosen


def record_profile(ws: Workspace | RemoteWorkspace, view: PinnedView) -> ViewRows | None:
    """Have what the rows of a view look like known, if nobody told yet; None for who may not tell.

    Nothing is told of rows that follow from personal columns: a profile has values in it.
    """
    if any(dataset.hidden for dataset in view.datasets.values()):
        return None
    known = view_rows(ws, ref=view.ref)
    told = next((rows for rows in known if rows.rows_digest == view.rows_digest), None)
    if told is not None:
        return told
    before = known[0] if known else _of_version_before(ws, view.ref)
    found = profile.of_rows(ws.blobs, view, cached_rows(ws.blobs, view, folder_of(ws)), before)
    try:
        return record_rows(ws, ref=view.ref, found=found)
    except Forbidden:
        return None


def check(
    ws: Workspace | RemoteWorkspace,
    frame: Any,
    features: str | Sequence[str],
    *,
    time: str = "",
    on: Mapping[str, str] | None = None,
    clear: str = "",
) -> LeakReport:
    """Compare a training frame of one's own with what was known at each row's moment.

    It leaks where a value is from after that. A column is compared with the feature of its name; the
    arguments are those of `training`.
    """
    chosen = with_clear_columns(ws, choose(ws, features), clear)
    opened = [
        open_view
        for open_view in offline.open_views(ws.blobs, chosen, folder_of(ws))
        if isinstance(open_view, offline.Opened)
    ]
    return leakage.check(chosen.ref, frame, opened, offline.JoinOptions(time=time, on=dict(on or {})))


def _of_version_before(ws: Workspace | RemoteWorkspace, ref: str) -> ViewRows | None:
    """Return what the newest rows of an earlier version of a view look like."""
    for version in view_versions(ws, name=ref.partition("@")[0]):
        if version.ref != ref and (known := view_rows(ws, ref=version.ref, limit=1)):
            return known[0]
    return None


def get_historical_features(
    ws: Workspace | RemoteWorkspace, entity_df: Any, features: str | Sequence[str]
) -> TrainingSet:
    """Return a training set as Feast's method does: moments are in the column ``event_timestamp``."""
    return training(ws, entity_df, features, time="event_timestamp")


def open_features(
    ws: Workspace | RemoteWorkspace, features: str | Sequence[str], *, clear: str = ""
) -> Features:
    """Return what a step would get for a parameter of type `Features`: for tests and notebooks.

    A step sees personal columns in clear; here `clear` says what they are needed for.
    """
    chosen = with_clear_columns(ws, choose(ws, features), clear)
    digest = ws.blobs.put_bytes(digests.canonical(chosen))
    return Features(chosen.ref, digest=digest, blobs=ws.blobs, folder=str(folder_of(ws)))


def folder_of(ws: Workspace | RemoteWorkspace) -> Path:
    """Return the folder with rows of views that were computed before."""
    return cache_folder("features") if isinstance(ws, RemoteWorkspace) else ws.cache_folder("features")


def choose(ws: Workspace | RemoteWorkspace, features: str | Sequence[str]) -> FeatureSet:
    """Say which versions a service, or views and single features, mean now.

    A single name is that of a service, or, where there is none, of a view.
    """
    listed = features.split(",") if isinstance(features, str) else list(features)
    names = [each.strip() for each in listed]
    if len(names) == 1 and not names[0].startswith("feature_view/") and ":" not in names[0]:
        return _by_name(ws, names[0])
    return choose_views(ws, views=names)


def _by_name(ws: Workspace | RemoteWorkspace, name: str) -> FeatureSet:
    try:
        return choose_service(ws, ref=name)
    except NotFound as no_service:
        if name.startswith("feature_service/"):
            raise
        try:
            return choose_views(ws, views=[name])
        except NotFound as no_view:
            raise no_view if no_view.hint else no_service from None
