"""Datasets, as a kind."""

from __future__ import annotations

from meguru.kernel.kinds import Kind, Payload, event_type


@event_type(
    "dataset_version.created",
    label="dataset version registered",
    sentence="{subject} was registered",
    explains=True,
)
class DatasetVersionCreated(Payload, frozen=True):
    """A dataset has a new version."""

    digest: str
    rows: int
    files: int
    mode: str
    note: str


DATASET = Kind(
    name="dataset",
    title=("dataset", "datasets"),
    versioned=True,
    tables=("meguru.datasets.schema",),
    operations=("meguru.datasets.operations",),
    events=(DatasetVersionCreated,),
    grants={"engineer": ("*",), "data-scientist": ("*",)},
    page="/ui/datasets/{name}/{version}",
)
