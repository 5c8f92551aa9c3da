"""Measure the files of a version from Python: only those whose content was not measured before."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from meguru.datasets.folders.client import FolderDoor
from meguru.datasets.folders.files import FolderFiles
from meguru.datasets.folders.materialize import files_of
from meguru.datasets.folders.measure.keep import keep_measurement, last_measurement, measurements
from meguru.datasets.folders.measure.types import FileMeasurement
from meguru.datasets.show import show
from meguru.errors import Forbidden, NotFound

if TYPE_CHECKING:
    import polars as pl

Measuring = Callable[[FolderFiles, Sequence[str]], "pl.DataFrame"]
"""Measures files, given by their paths: a row for each that it can measure, with `digest`."""


def measured(
    ws: FolderDoor, ref: str, by: str, measuring: Measuring, kinds: Sequence[str] = ()
) -> tuple[pl.DataFrame, FileMeasurement | None]:
    """Return what somebody measures of the files of a version, and keep it with the version.

    Parameters
    ----------
    by
        ``images``, or a version of a model.
    measuring
        Measures what was not measured before.
    kinds
        How media types begin that can be measured; all without any.

    Returns
    -------
    tuple
        A row for each content that could be measured, and the record; None if the caller may not keep it.
    """
    import polars as pl

    version = show(ws, ref=ref)
    for measurement in measurements(ws, ref=version.ref):
        if measurement.by == by:
            return _read(ws, measurement), measurement
    files = files_of(ws, version.ref)
    # By content: a renamed or copied file is not measured again.
    wanted = files.index.unique("digest", keep="first", maintain_order=True)
    if kinds:
        wanted = wanted.filter(
            pl.any_horizontal(pl.col("media_type").str.starts_with(kind) for kind in kinds)
        )
    known = _measured_before(ws, version.name, by, wanted)
    new = wanted if known is None else wanted.join(known, on="digest", how="anti")
    found = [measuring(files, new["path"].to_list())] if new.height else []
    parts = [each for each in (known, *found) if each is not None and each.height]
    if not parts:
        return pl.DataFrame(schema={"digest": pl.String}), None
    frame, record = pl.concat(parts), None
    with suppress(Forbidden):
        body = io.BytesIO()
        frame.write_parquet(body)
        record = keep_measurement(ws, ref=version.ref, by=by, digest=ws.blobs.put_bytes(body.getvalue()))
    return frame, record


def _measured_before(ws: FolderDoor, name: str, by: str, wanted: pl.DataFrame) -> pl.DataFrame | None:
    last = last_measurement(ws, name=name, by=by)
    if last is None:
        return None
    try:
        return _read(ws, last).join(wanted.select("digest"), on="digest", how="semi")
    except NotFound:  # freed with the version that it was of
        return None


def _read(ws: FolderDoor, measurement: FileMeasurement) -> pl.DataFrame:
    import polars as pl

    return pl.read_parquet(ws.blobs.path(measurement.digest))
