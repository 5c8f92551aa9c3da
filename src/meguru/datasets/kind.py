"""Datasets, as a kind."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.datasets.events import EVENTS
from meguru.datasets.folders.types import Label
from meguru.datasets.sources.spec import SourceSpec
from meguru.datasets.types import Checks, ColumnSpec, Format, ReadOptions, Retention, SchemaPolicy
from meguru.kernel.kinds import Kind, Service, spec_events


class DatasetSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What people say of a dataset; it holds for every version that is registered from then on.

    `key` names the columns whose values, taken together, tell one row from another; `time` the column that
    says when a row happened. `checks` must hold for the files of each new version, `expect` for all of its
    rows (see `datasets.expectations`); `schema_policy` says whether its columns may differ from those of
    the one before, `read` how its files are written, `keep` how long versions are kept. With the format
    ``files`` a row is a file of a folder; with the `label` ``folder`` it has the name of the folder that
    the file is in. `content` is the digest of the list of files that the declaration brought along; empty
    when the versions come from elsewhere: from `source`, if it is there, by `meguru data pull` and by its
    schedule. `columns` says what is personal, and how it is treated before it is written.
    While `hold` says why (a legal hold), nothing is erased from it.
    """

    description: str = ""
    owner: str = ""
    key: list[str] = []
    time: str = ""
    checks: Checks = Checks()
    expect: list[dict[str, Any]] = []
    schema_policy: SchemaPolicy = "strict"
    format: Format | None = None
    read: ReadOptions | None = None
    label: Label = ""
    keep: Retention = Retention()
    content: str = ""
    source: SourceSpec | None = None
    columns: dict[str, ColumnSpec] = {}
    hold: str = ""


class DatasetSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[dataset.NAME]`` of a project file: a dataset, and the files whose rows it has.

    `files` are files, folders or patterns (``data/*.csv``) in the project's folder: when their content
    changed, the next apply registers a version. Without them the versions come from elsewhere: from
    pipelines, `meguru data add`, or a `source` (an address, or a table that says more). `content` stands for
    the files where they are not at hand.
    """

    files: list[str] = []
    description: str = ""
    owner: str = ""
    key: list[str] = []
    time: str = ""
    checks: Checks = Checks()
    expect: str | list[dict[str, Any] | str] = []
    schema_policy: SchemaPolicy = "strict"
    format: Format | None = None
    read: ReadOptions | None = None
    label: Label = ""
    keep: Retention = Retention()
    content: str = ""
    source: SourceSpec | str | None = None
    columns: dict[str, ColumnSpec] = {}
    hold: str = ""


DATASET = Kind(
    name="dataset",
    title=("dataset", "datasets"),
    versioned=True,
    tables=(
        "meguru.datasets.schema",
        "meguru.datasets.expectations.schema",
        "meguru.datasets.pulls.schema",
        "meguru.datasets.folders.measure.schema",
        "meguru.datasets.personal.schema",
    ),
    operations=("meguru.datasets.operations",),
    events=(
        *spec_events(
            "dataset",
            DatasetSpec,
            retired="A dataset is in no list any more; its versions stay, and the next one brings it back.",
        ),
        *EVENTS,
    ),
    grants={"engineer": ("write", "check", "remove", "free"), "data-scientist": ("write", "check")},
    spec=DatasetSpec,
    spec_store="meguru.datasets.spec",
    section_type=DatasetSection,
    prepare="meguru.datasets.project_files:prepare",
    upload="meguru.datasets.project_files:carry",
    applied_last=True,
    # Pulls wait for databases and networks: threads of their own keep other jobs from waiting behind them.
    jobs={"dataset_pull": "meguru.datasets.pulls.job:HANDLER"},
    job_threads=2,
    services=(
        Service(name="sources", factory="meguru.datasets.pulls.clock:SourceClock"),
        Service(name="retention", factory="meguru.datasets.versions.retention:RetentionClock"),
        Service(name="tables", factory="meguru.datasets.delta.refresh:TableRefresher"),
    ),
    internal={
        "schedule": "the service of sources begins the reads whose moment has come",
        "pulled": "a worker reads the source of one dataset",
        "retain": "the service of retention removes versions that the declaration does not keep",
    },
    provides={
        "personal data": "meguru.datasets.personal.folders:erase",
        "kept records": "meguru.datasets.versions.retained:records",
        "pipeline output": "meguru.datasets.sink:register_output",
        "described": "meguru.datasets.catalogue:described",
        "detailed": "meguru.datasets.catalogue:detailed",
    },
    page="/ui/datasets/{name}/{version}",
)
