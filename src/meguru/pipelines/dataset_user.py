"""Pipelines as users of datasets: see `meguru.datasets.remove`."""

from __future__ import annotations

from sqlalchemy import Connection, select

from meguru.base import refs
from meguru.datasets.types import DatasetUse
from meguru.pipelines.schema import pipeline_run
from meguru.pipelines.types import FINAL


def uses(tx: Connection, ref: str) -> list[DatasetUse]:
    """Return the runs that have not ended and read a version of a dataset."""
    final = [state.value for state in FINAL]
    query = select(pipeline_run.c.id, pipeline_run.c.pinned).where(pipeline_run.c.state.not_in(final))
    return [
        DatasetUse(ref=refs.make("pipeline_run", row.id), how="runs")
        for row in tx.execute(query)
        if any(ref in {pin["ref"], *pin.get("uses", ())} for pin in row.pinned.values())
    ]
