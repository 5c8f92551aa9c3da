"""A window of a dataset: a new version, or its rows of a span of event time, and their reference version."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection

from meguru.base import digests
from meguru.datasets import store as datasets
from meguru.datasets.frames import frame_of, profile_of
from meguru.datasets.types import DatasetVersion
from meguru.errors import InvalidInput, NotFound
from meguru.monitoring.personal import personal_in
from meguru.monitoring.reference_rows import rows_of_version, wants_reference
from meguru.monitoring.types import Monitor, Severity
from meguru.monitoring.window import (
    MonitoredWindow,
    PastWindow,
    compared_columns,
    compared_times,
    newest_of,
)
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl

_MAX_VERSIONS = 10_000


class DatasetWindow(msgspec.Struct, frozen=True, kw_only=True):
    """What of a dataset is looked at: the version, its rows, and what they are compared with."""

    version: DatasetVersion
    reference: DatasetVersion
    rows: Any
    digest: str
    is_whole: bool = False
    personal: frozenset[str] = frozenset()


def newest_version(tx: Connection, name: str) -> DatasetVersion | None:
    """Return the newest version of a dataset; None if there is no such dataset."""
    return next(iter(datasets.versions(tx, name, before=None, limit=1)), None)


def version_between(tx: Connection, name: str, start: datetime, end: datetime) -> DatasetVersion | None:
    """Return the version that was made at `end`, if the one before it was made at `start`."""
    before: int | None = None
    for _ in range(_MAX_VERSIONS):
        dataset_version = next(iter(datasets.versions(tx, name, before=before, limit=1)), None)
        if dataset_version is None or dataset_version.created_at < end:
            return None
        if dataset_version.created_at == end and dataset_version.version > 1:
            return (
                dataset_version
                if datasets.get(tx, name, dataset_version.version - 1).created_at == start
                else None
            )
        before = dataset_version.version
    return None


def read_dataset_window(
    tx: Connection, blobs: BlobStore, monitor: Monitor, start: datetime, end: datetime
) -> DatasetWindow:
    """Return what a monitor of a dataset looks at: a version, or the newest one's rows of a span.

    Raises
    ------
    InvalidInput
        If rows of a span are wanted, and no column says when a row happened.
    """
    whole = None if monitor.window else version_between(tx, monitor.dataset, start, end)
    version = whole or newest_version(tx, monitor.dataset)
    if version is None:
        raise NotFound.of("dataset", monitor.dataset)
    number = monitor.reference or max(version.version - 1, 1)
    reference = datasets.get(tx, monitor.dataset, number)
    personal = personal_in(tx, [monitor.dataset])
    if whole is not None:
        rows = frame_of(blobs, version)
        return DatasetWindow(
            version=version,
            reference=reference,
            rows=rows,
            digest=version.digest,
            is_whole=True,
            personal=personal,
        )
    rows = rows_within(blobs, version, start, end)
    # Of the rows and not of the version: one that appends nothing to this window makes no new report of it.
    digest = digests.of_bytes(rows.write_ndjson().encode() if rows.height else b"")
    return DatasetWindow(version=version, reference=reference, rows=rows, digest=digest, personal=personal)


def rows_within(blobs: BlobStore, version: DatasetVersion, start: datetime, end: datetime) -> pl.DataFrame:
    """Return the rows of a version whose event time lies in ``[start, end)``."""
    frame = frame_of(blobs, version)
    times = times_of(frame, version)
    return frame.filter((times >= start) & (times < end))


def times_of(frame: pl.DataFrame, version: DatasetVersion) -> pl.Series:
    """Return the event times of rows, in UTC; a time without a zone is one in UTC."""
    import polars as pl

    if not version.event_time:
        raise InvalidInput(
            f"no column of {version.ref} says when a row happened",
            hint="register it with event_time, or watch whole versions: leave window away",
            field="window",
        )
    column = frame[version.event_time]
    if column.dtype == pl.String:
        column = column.str.to_datetime(time_unit="us", strict=False)
    if not column.dtype.is_temporal() or column.dtype == pl.Time:
        why = f"it holds {column.dtype}"
        raise InvalidInput(f"column {version.event_time!r} is no time", field="window", why=why)
    if isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone:
        return column.dt.convert_time_zone("UTC")
    return column.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def compare_dataset_window(
    blobs: BlobStore,
    found: DatasetWindow,
    monitor: Monitor,
    span: tuple[datetime, datetime],
    past: Sequence[PastWindow] = (),
) -> MonitoredWindow:
    """Compare rows with the reference version: which columns there are, of which types, and their values.

    `past` are earlier windows, newest last.
    """
    profile = profile_of(blobs, found.reference)
    columns, broken = compared_columns(found.rows, profile)
    times, broken_times = compared_times(found.rows, profile)
    broken |= broken_times
    now = {dataset_column.name: dataset_column.type for dataset_column in found.version.columns}
    for column in found.reference.columns:
        if column.name not in now:
            broken[column.name] = "it is missing"
        elif (
            column.name not in broken
            and "Null" not in {column.type, now[column.name]}
            and now[column.name] != column.type
        ):
            broken[column.name] = f"{column.type} became {now[column.name]}"
    compared = tuple(each for each in columns if each.severity is Severity.INPUT_DRIFT)
    reference = None
    if compared and wants_reference(monitor):
        reference = rows_of_version(blobs, found.reference, [each.name for each in compared])
    return MonitoredWindow(
        model=found.reference.ref,
        rows=found.rows.height,
        outcomes=0,
        min_rows=monitor.min_rows,
        columns=compared,
        broken=broken,
        compared_with=found.reference.ref,
        start=span[0],
        end=span[1],
        frame=found.rows,
        past=tuple(past),
        reference=reference,
        times=times,
        newest=newest_of(times_of(found.rows, found.version)) if found.version.event_time else None,
        reference_rows=profile.rows if found.is_whole else 0,
        extra=tuple(
            name
            for name in now
            if name not in {dataset_column.name for dataset_column in found.reference.columns}
        ),
        personal=found.personal,
    )
