"""Profile the rows of a view, and their drift since the profile before."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from meguru.base import digests
from meguru.features.offline.row_files import CachedRows
from meguru.features.offline.times import PER_SECOND
from meguru.features.types import PinnedView, ViewRows
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl

_MAX_ROWS = 1_000_000
"""Of more rows a part is looked at, evenly over all of them."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def of_rows(blobs: BlobStore, view: PinnedView, rows: CachedRows, before: ViewRows | None = None) -> ViewRows:
    """Return what the rows of a view look like, with the profile of its features among the blobs.

    `before` are rows of the view that were told of earlier: how far values moved since is told too.
    """
    from meguru.stats.profile import profile_frame

    about, sample = rows.about, _sample(rows)
    found = profile_frame(sample)
    return ViewRows(
        ref=view.ref,
        rows_digest=view.rows_digest,
        datasets=[dataset.ref for dataset in view.datasets.values()],
        rows=about.rows,
        keys=about.entities,
        dropped=about.dropped,
        earliest=_moment(rows, about.earliest),
        newest=_moment(rows, about.newest),
        profile=blobs.put_bytes(digests.canonical(found.to_dict())),
        features=about.features,
        drift=_drift(blobs, before, sample) if before else {},
    )


def _drift(blobs: BlobStore, before: ViewRows, sample: pl.DataFrame) -> dict[str, float]:
    """Return by feature how far its values moved, those that both have."""
    from meguru.stats import psi_test, tally_column
    from meguru.stats.profile import TableProfile
    from meguru.stats.profile.columns import kind_of

    if not before.rows or not sample.height or not blobs.has(before.profile):
        return {}
    baseline = TableProfile.from_dict(msgspec.json.decode(blobs.get_bytes(before.profile)))
    moved = {}
    for name, was in baseline.columns.items():
        if name not in sample.columns or kind_of(sample.schema[name]) != was.to_dict()["kind"]:
            continue
        now = tally_column(was, sample[name]).with_nulls()
        found = psi_test(was.own().with_nulls(), now, comparisons=len(baseline.columns))
        if math.isfinite(found.statistic):
            moved[name] = round(found.statistic, 4)
    return moved


def _sample(rows: CachedRows) -> pl.DataFrame:
    import numpy as np
    import polars as pl

    height = rows.about.rows
    places = np.arange(0, height, max(1, -(-height // _MAX_ROWS)))
    return pl.DataFrame([rows.column(name).take(places).alias(name) for name in rows.about.features])


def _moment(rows: CachedRows, number: int | None) -> datetime | None:
    """Return a moment; None if there is none, or it is beyond what a calendar has."""
    if number is None or rows.unit is None:
        return None
    try:
        return _EPOCH + timedelta(microseconds=number * 1_000_000 // PER_SECOND[rows.unit])
    except OverflowError:
        return None
