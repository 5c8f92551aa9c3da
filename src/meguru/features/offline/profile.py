"""What the rows of a view look like."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from meguru.base import digests
from meguru.features.offline.kept import KeptRows
from meguru.features.offline.times import PER_SECOND
from meguru.features.types import PinnedView, ViewRows
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl

_MOST = 1_000_000
"""Of more rows a part is looked at, evenly over all of them."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def of_rows(blobs: BlobStore, view: PinnedView, rows: KeptRows) -> ViewRows:
    """Return what the rows of a view look like, with the profile of its features among the blobs."""
    from meguru.stats.profile import profile_frame

    about = rows.about
    found = profile_frame(_sample(rows))
    return ViewRows(
        ref=view.ref,
        rows_digest=view.rows_digest,
        datasets=[one.ref for one in view.datasets.values()],
        rows=about.rows,
        keys=about.entities,
        dropped=about.dropped,
        earliest=_moment(rows, about.earliest),
        newest=_moment(rows, about.newest),
        profile=blobs.put_bytes(digests.canonical(found.to_dict())),
        features=about.features,
    )


def _sample(rows: KeptRows) -> pl.DataFrame:
    import numpy as np
    import polars as pl

    height = rows.about.rows
    places = np.arange(0, height, max(1, -(-height // _MOST)))
    return pl.DataFrame([rows.column(name).take(places).alias(name) for name in rows.about.features])


def _moment(rows: KeptRows, number: int | None) -> datetime | None:
    """Return a moment; None if there is none, or it is beyond what a calendar has."""
    if number is None or rows.unit is None:
        return None
    try:
        return _EPOCH + timedelta(microseconds=number * 1_000_000 // PER_SECOND[rows.unit])
    except OverflowError:
        return None
