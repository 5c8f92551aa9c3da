"""Compare what views gave at an endpoint with the offline truth, to the bit, and say why they differ.

The truth is what a training set would have now, by the code of the views, at the moments of the predictions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

from meguru.features.client import folder_of
from meguru.features.offline import training as offline
from meguru.features.types import FeatureSet, PinnedDataset, PinnedView
from meguru.kernel.remote import RemoteWorkspace
from meguru.kernel.workspace import Workspace
from meguru.predictions.payload import micros
from meguru.predictions.types import SENT_PREFIX, VIEW_PREFIX
from meguru.serving.features.keep_parity import keep_parity
from meguru.serving.features.sample import ServedSample, sample_features

if TYPE_CHECKING:
    import polars as pl

_AT = "__moment__"


class ParityCause(StrEnum):
    """Why a value online may not be what a training set has.

    ``late data``: it was not online yet when it was asked for. ``clock``: it holds only from a later moment.
    ``policy``: the view lets an older value, or a default, stand in. ``code``: the same data gave another
    value: the code, its libraries or the store are not what they were.
    """

    LATE = "late data"
    CLOCK = "clock"
    POLICY = "policy"
    CODE = "code"


class ParityDifference(msgspec.Struct, frozen=True, kw_only=True):
    """One feature that differs for one reason: in how many predictions, and in the first of them how."""

    feature: str
    view: str
    cause: ParityCause
    rows: int
    prediction: str
    at: datetime
    served: Any
    truth: Any


class ParityReport(msgspec.Struct, frozen=True, kw_only=True):
    """How what was served compares with the truth.

    Attributes
    ----------
    rows, values
        Predictions, and values of views, that were compared to the bit.
    sent
        Values that clients sent themselves, which are not compared.
    differing
        Values that are not equal.
    differences
        These, by feature and cause, most of them first.
    """

    endpoint: str
    model: str
    release: str
    features: str
    rows: int
    values: int
    sent: int
    differing: int
    differences: list[ParityDifference]

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not self.differing


def parity(
    ws: Workspace | RemoteWorkspace, endpoint: str, *, limit: int = 1000, record: bool = True
) -> ParityReport:
    """Compare the newest predictions of an endpoint with the truth; the outcome is kept unless not asked to.

    The truth is computed here, by the code of the views, as training sets are.
    """
    report = _Comparison(ws, sample_features(ws, endpoint=endpoint, limit=limit)).report()
    if record:
        keep_parity(
            ws,
            endpoint=endpoint,
            release=report.release,
            rows=report.rows,
            values=report.values,
            differing=report.differing,
            causes=_causes(report),
        )
    return report


def _causes(report: ParityReport) -> dict[str, str]:
    """Return by feature why most of its values differ."""
    found: dict[str, str] = {}
    for difference in report.differences:
        found.setdefault(difference.feature, difference.cause.value)
    return found


class _Column(NamedTuple):
    name: str
    feature: str
    view: PinnedView
    differs: np.ndarray
    served: pl.Series
    truth: pl.Series


class _Comparison:
    def __init__(self, ws: Workspace | RemoteWorkspace, sample: ServedSample) -> None:
        self._ws, self._sample = ws, sample
        self._asked = _frame(sample)

    def report(self) -> ParityReport:
        sample = self._sample
        truth = self._truth(sample.chosen, self._asked) if sample.ids else None
        columns = [] if truth is None else list(self._columns(truth))
        sent = sum(_sent(sample, column.name).sum() for column in columns)
        values = len(sample.ids) * len(columns) - int(sent)
        differing = sum(int(column.differs.sum()) for column in columns)
        found = self._explained(columns) if differing else []
        return ParityReport(
            endpoint=sample.endpoint,
            model=sample.model,
            release=sample.release,
            features=sample.chosen.ref,
            rows=len(sample.ids),
            values=values,
            sent=int(sent),
            differing=differing,
            differences=found,
        )

    def _truth(self, chosen: FeatureSet, asked: pl.DataFrame) -> pl.DataFrame:
        options = offline.JoinOptions(time=_AT)
        return offline.training(self._ws.blobs, chosen, asked, options, folder_of(self._ws))

    def _columns(self, truth: pl.DataFrame) -> Iterator[_Column]:
        """Give the columns of the model that views give, with the rows that differ from the truth."""
        for view in self._sample.chosen.views:
            for feature, name in self._sample.made[view.ref].items():
                if name in self._sample.columns and name in truth.columns:
                    was = _series(self._sample, name)
                    now = truth[name].cast(was.dtype)
                    yield _Column(
                        name, feature, view, _unequal(was, now) & ~_sent(self._sample, name), was, now
                    )

    def _explained(self, columns: Sequence[_Column]) -> list[ParityDifference]:
        rows = np.flatnonzero(np.logical_or.reduce([column.differs for column in columns]))
        then = self._then(rows)
        found: dict[tuple[str, ParityCause], list[int]] = {}
        by_name = {column.name: column for column in columns}
        for each in columns:
            for row in np.flatnonzero(each.differs).tolist():
                cause = self._cause(each, row, then.get(row))
                found.setdefault((each.name, cause), []).append(row)
        differences = [self._difference(by_name[name], cause, rows) for (name, cause), rows in found.items()]
        return sorted(differences, key=lambda each: -each.rows)

    def _difference(self, column: _Column, cause: ParityCause, rows: list[int]) -> ParityDifference:
        first = rows[0]
        return ParityDifference(
            feature=column.name,
            view=column.view.ref,
            cause=cause,
            rows=len(rows),
            prediction=self._sample.ids[first],
            at=self._sample.times[first],
            served=column.served[first],
            truth=column.truth[first],
        )

    def _cause(self, column: _Column, row: int, then: Mapping[str, Any] | None) -> ParityCause:
        events = self._sample.columns.get(VIEW_PREFIX + column.view.ref.removeprefix("feature_view/"))
        event, moment = events[row] if events else None, micros(self._sample.times[row])
        # In this order: a value from the future is that whatever else is true of it; only what the data of
        # that time gives, too, was merely late.
        if event is not None and event > moment:
            return ParityCause.CLOCK
        was = column.served[row]
        if then is not None and column.name in then and _same(was, then[column.name]):
            return ParityCause.LATE
        ttl = column.view.definition.ttl
        is_old = event is not None and ttl is not None and moment - event > ttl * 1_000_000
        default = column.view.definition.defaults.get(column.feature)
        if is_old or (event is None and was is not None and was == default):
            return ParityCause.POLICY
        return ParityCause.CODE if events is None or event is not None else ParityCause.LATE

    def _then(self, rows: np.ndarray) -> dict[int, dict[str, Any]]:
        """Return by row what a training set had over the data that was online when it was asked."""
        found: dict[int, dict[str, Any]] = {}
        groups: dict[str, tuple[FeatureSet, list[int]]] = {}
        for row in rows.tolist():
            chosen = self._online_at(self._sample.received[row])
            if chosen is not None:
                key = repr([view.datasets for view in chosen.views])
                groups.setdefault(key, (chosen, []))[1].append(row)
        for chosen, listed in groups.values():
            told = self._truth(chosen, self._asked[listed])
            found |= dict(zip(listed, told.iter_rows(named=True), strict=True))
        return found

    def _online_at(self, moment: datetime) -> FeatureSet | None:
        """Return the features over the data that was online at a moment; None if something was not."""
        data: dict[str, dict[str, PinnedDataset]] = {}
        for span in self._sample.online:
            if span.since <= moment:
                data.setdefault(span.view, span.datasets)
        views = [_over(view, data) for view in self._sample.chosen.views]
        if None in views:
            return None
        return msgspec.structs.replace(
            self._sample.chosen, views=[pinned_view for pinned_view in views if pinned_view]
        )


def _over(view: PinnedView, data: Mapping[str, dict[str, PinnedDataset]]) -> PinnedView | None:
    if view.definition.form == "on_demand":
        inputs = [_over(pinned_view, data) for pinned_view in view.inputs]
        if None in inputs:
            return None
        return msgspec.structs.replace(view, inputs=[pinned_view for pinned_view in inputs if pinned_view])
    return msgspec.structs.replace(view, datasets=data[view.ref]) if view.ref in data else None


def _frame(sample: ServedSample) -> pl.DataFrame:
    """Return what clients sent of each row, with its moment."""
    import polars as pl

    made = {name for columns in sample.made.values() for name in columns.values()}
    columns = [
        _series(sample, name)
        for name in sample.columns
        if not name.startswith((VIEW_PREFIX, SENT_PREFIX)) and name not in made
    ]
    moments = pl.Series(_AT, sample.times, dtype=pl.Datetime("us", "UTC"))
    return pl.DataFrame([*columns, moments])


def _series(sample: ServedSample, name: str) -> pl.Series:
    from meguru.predictions.columns import recorded_series

    return recorded_series(name, sample.columns[name], sample.types[name])


def _sent(sample: ServedSample, name: str) -> np.ndarray:
    """Tell in which rows clients sent a value themselves."""
    values = sample.columns.get(SENT_PREFIX + name)
    if values is None:
        return np.zeros(len(sample.ids), dtype=bool)
    return np.array([value is not None for value in values], dtype=bool)


def _unequal(one: pl.Series, other: pl.Series) -> np.ndarray:
    """Tell where two columns have other bits: 0.0 and -0.0 are not the same."""
    import polars as pl

    if one.dtype == pl.Float64:
        # As integers of the same bits: `==` takes -0.0 for 0.0. NaNs of different payloads are equal here.
        bits = [each.fill_null(0.0).to_numpy().view(np.int64) for each in (one, other)]
        both_nan = one.is_nan().fill_null(value=False) & other.is_nan().fill_null(value=False)
        same = ((bits[0] == bits[1]) | both_nan.to_numpy()) & (one.is_null() == other.is_null()).to_numpy()
        return np.asarray(~same)
    return np.asarray((~one.eq_missing(other)).to_numpy())


def _same(one: Any, other: Any) -> bool:
    both_nan = one != one and other != other  # noqa: PLR0124 - NaN
    return both_nan or bool(one == other)
