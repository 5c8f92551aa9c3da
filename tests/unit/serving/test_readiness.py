"""A view is behind since the first version of its data that it has not, however new the newest one is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
from sqlalchemy import update

from meguru.datasets.client import add_files
from meguru.datasets.schema import dataset_version
from meguru.features.materialization.types import OnlineState
from meguru.features.types import PinnedDataset, ViewDefinition
from meguru.serving.features.plan import PlannedView
from meguru.serving.features.readiness import _lacking

VIEW = PlannedView(
    ref="feature_view/activity@1",
    definition=ViewDefinition(entities=["user"], keys=["user"], sources={"spending": "spending"}),
    features={"spend": "Float64"},
    columns={},
)


def test_new_data_every_hour_does_not_make_old_values_new(workspace, tmp_path):
    added = []
    for number in range(3):
        file = tmp_path / f"{number}.parquet"
        pl.DataFrame({"user": ["ann"], "spend": [float(number)]}).write_parquet(file)
        added.append(add_files(workspace, "spending", file))
    now = datetime.now(UTC)
    with workspace.db.write() as tx:
        mine = dataset_version.c
        old = update(dataset_version).where(mine.version == 2).values(created_at=now - timedelta(days=2))
        tx.execute(old)
    first, second, third = (PinnedDataset(ref=each.ref, digest=each.digest) for each in added)

    def said(there):
        state = OnlineState(
            view=VIEW.ref, stored="activity@1", keys={}, features={}, datasets={"spending": there}, at=now
        )
        with workspace.read() as tx:
            return _lacking(tx, VIEW, state, now)

    assert said(first).startswith("is behind dataset/spending@2, ")
    assert said(second) == said(third) == ""
