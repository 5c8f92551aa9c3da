"""Write frames as a Parquet file, a row group at a time."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from meguru.datasets.ingest.converted import ConvertedFile
from meguru.datasets.ingest.meter import Meter
from meguru.datasets.ingest.refusals import empty
from meguru.datasets.personal.treatment import treatment_in_use
from meguru.datasets.polars_types import NAMES
from meguru.datasets.types import DatasetColumn, Format

GROUP_ROWS = 1 << 17
"""So many rows are in a row group, at most."""
GROUP_BYTES = 1 << 26
"""So many bytes, about: wide rows make small groups, so that one fits into memory."""
LEVEL = 1


def group_rows(row_bytes: float) -> int:
    """Return how many rows of so many bytes make a row group."""
    return max(1, min(GROUP_ROWS, int(GROUP_BYTES / max(row_bytes, 1.0))))


def write(
    frames: Iterator[pl.DataFrame], schema: Mapping[str, Any], target: Path, *, rows: int = GROUP_ROWS
) -> None:
    """Write frames, which come one after another, in row groups of so many rows.

    The groups do not depend on how the rows were cut into frames. What a frame raises while it is made goes
    to the caller; the file is of no use then. Values of personal columns are treated here (`treating`).
    """
    from polars.io.plugins import register_io_source

    if (how := treatment_in_use()) is not None:
        frames, schema = how.frames(frames), how.schema(schema)

    def source(
        columns: list[str] | None, predicate: pl.Expr | None, limit: int | None, size: int | None
    ) -> Iterator[pl.DataFrame]:
        del columns, predicate, limit, size  # the sink asks for all
        return frames

    # A sink that is broken off may still write to its file a moment later: each has its own.
    draft = target.with_name(f"{target.name}-{uuid.uuid4().hex}")
    try:
        # A Python source streams into the sink: memory holds one row group, whatever the size of the file.
        register_io_source(source, schema=dict(schema)).sink_parquet(
            draft, compression="zstd", compression_level=LEVEL, row_group_size=rows, statistics=True
        )
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def described(plan: pl.LazyFrame, name: str, format: Format, meter: Meter | None = None) -> ConvertedFile:
    """Return what is in a Parquet file, after each value was read: a damaged one is refused.

    Raises
    ------
    InvalidInput
        If it has no rows.
    """
    schema = plan.collect_schema()
    rows, known = 0, dict.fromkeys(schema, False)
    for frame in plan.collect_batches(chunk_size=GROUP_ROWS):
        rows += frame.height
        if meter is not None:
            meter.at(0, rows)
        for column in frame:
            known[column.name] |= column.null_count() < column.len()
    if not rows:
        raise empty(name, format)
    columns = [
        DatasetColumn(name=each, type=NAMES.get(dtype, str(dtype)) if known[each] else "Null")
        for each, dtype in schema.items()
    ]
    return ConvertedFile(rows=rows, columns=columns, taken=True)
