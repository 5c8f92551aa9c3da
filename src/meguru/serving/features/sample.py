"""Read what views gave at an endpoint, and what they are made of: for who compares it with the truth."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec

from meguru.base import refs
from meguru.errors import InvalidInput
from meguru.features.materialization import store as materialized
from meguru.features.materialization.types import Materialization, MaterializationState
from meguru.features.offline.training import load_set
from meguru.features.pinning import with_newest_data
from meguru.features.types import FeatureSet, PinnedDataset
from meguru.kernel.operations import Context, operation
from meguru.predictions import ids, payload, store
from meguru.predictions.types import SENT_PREFIX, VIEW_PREFIX, PredictionBatch
from meguru.serving import store as endpoints
from meguru.serving.features.load import plan_of
from meguru.serving.features.plan import FeaturePlan

MAX_PREDICTIONS = 10_000
_MAX_BATCHES = 500
"""Requests that are looked through: views may have given nothing to any of them."""


class OnlineSpan(msgspec.Struct, frozen=True, kw_only=True):
    """From when on what was online of a version of a view followed from versions of its sources."""

    view: str
    since: datetime
    datasets: dict[str, PinnedDataset]


class ServedSample(msgspec.Struct, frozen=True, kw_only=True):
    """Predictions of a release, with what they were made of.

    Attributes
    ----------
    chosen, made
        The features of the release, over the newest data there is; and by version of a view which of the
        model's columns its features are.
    columns, types
        What was recorded, by name: the model's columns, what clients sent, ``_view:`` since when values held,
        and ``sent:`` what was sent instead. Datetimes are microseconds since 1970.
    ids, times, received
        Of each row the prediction, its moment, and when it was asked.
    online
        What was online when, newest first.
    """

    endpoint: str
    model: str
    release: str
    chosen: FeatureSet
    made: dict[str, dict[str, str]]
    columns: dict[str, list[Any]]
    types: dict[str, str]
    ids: list[str]
    times: list[datetime]
    received: list[datetime]
    online: list[OnlineSpan]


@operation(
    "endpoint.served",
    permission="prediction:read",
    query=True,
    on="endpoint",
    refers={"endpoint": "endpoint"},
)
def sample_features(ctx: Context, *, endpoint: str, limit: int = 1000) -> ServedSample:
    """Read the newest predictions of the live release of an endpoint, with what views gave them.

    Raises
    ------
    InvalidInput
        If nothing is live there, or clients send all that the model takes.
    """
    if not 1 <= limit <= MAX_PREDICTIONS:
        raise InvalidInput(
            f"up to {MAX_PREDICTIONS:,} predictions at a time", field="limit", why=f"it is {limit:,}"
        )
    name = refs.parse(endpoint, kind="endpoint").name
    live = endpoints.get(ctx.tx, name).live
    if live is None or live.features is None:
        why = "no release is live" if live is None else f"clients send all that {live.model_ref} takes"
        what = f"no feature view gives anything at {name!r}"
        raise InvalidInput(what, why=why, where=refs.make("endpoint", name), field="endpoint")
    chosen = with_newest_data(ctx, load_set(ctx.blobs, live.features.chosen))
    plan = plan_of(ctx.tx, chosen)
    sample = _Sample(plan, limit)
    for batch in islice(store.newest_first(ctx.tx, name), _MAX_BATCHES):
        if batch.release_ref == live.release_ref and sample.take(batch):
            break
    return ServedSample(
        endpoint=refs.make("endpoint", name),
        model=live.model_ref,
        release=live.release_ref,
        chosen=chosen,
        made={view.ref: view.columns for view in plan.views},
        columns=sample.columns,
        types=sample.types,
        ids=sample.ids,
        times=sample.times,
        received=sample.received,
        online=list(_spans(ctx, chosen)),
    )


class _Sample:
    """Rows of batches, which may have other columns."""

    def __init__(self, plan: FeaturePlan, limit: int) -> None:
        self._plan = plan
        self.columns: dict[str, list[Any]] = {}
        self.types: dict[str, str] = {}
        self.ids: list[str] = []
        self.times: list[datetime] = []
        self.received: list[datetime] = []
        self._left = limit

    def take(self, batch: PredictionBatch) -> bool:
        """Take the rows of a batch to which views gave something; return whether there are enough."""
        types, columns, times = payload.recorded(batch.payload)
        if not self._is_filled(columns):
            return False
        n, before = min(batch.n, self._left), len(self.ids)
        for name, values in columns.items():
            self.types.setdefault(name, types[name])
            self.columns.setdefault(name, [None] * before).extend(list(values)[:n])
        for name, kept in self.columns.items():
            if name not in columns:
                kept.extend([None] * n)
        self.ids += [ids.join(batch.id, row) for row in range(n)]
        self.times += list(times)[:n]
        self.received += [batch.received_at] * n
        self._left -= n
        return self._left <= 0

    def _is_filled(self, columns: Collection[str]) -> bool:
        """Tell whether views were asked: where a contract sends all features, none is."""
        if any(name.startswith(VIEW_PREFIX) for name in columns):
            return True
        fields = {name for view in self._plan.views for name in view.definition.request}
        sent = {SENT_PREFIX + name for name in self._plan.made()}
        return not sent.isdisjoint(columns) or bool(fields and fields.issubset(columns))


def _spans(ctx: Context, chosen: FeatureSet) -> Iterator[OnlineSpan]:
    views = {each.ref for view in chosen.views for each in (view, *view.inputs)}
    for ref in sorted(views):
        name = refs.parse(ref, kind="feature_view").name
        for work in materialized.page(ctx.tx, view=name, before="", limit=200, projects=None):
            if work.view == ref and work.state is MaterializationState.SUCCEEDED:
                yield OnlineSpan(view=ref, since=_since(work), datasets=work.datasets)


def _since(work: Materialization) -> datetime:
    return work.finished_at or work.created_at
