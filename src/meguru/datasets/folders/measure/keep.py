"""Keep what was measured of the files of a version, and ask for it."""

from __future__ import annotations

import re

import polars as pl

from meguru.base import refs
from meguru.base.digests import check_digest
from meguru.base.library_errors import reason
from meguru.datasets import store as datasets
from meguru.datasets.folders import index
from meguru.datasets.folders.measure import store
from meguru.datasets.folders.measure.types import IMAGES, MAX_DIMENSIONS, VECTOR, FileMeasurement
from meguru.datasets.folders.register import of_files
from meguru.datasets.manifest import load_manifest
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation

_NUMBERS = (pl.Float32, pl.Float64, pl.UInt64, pl.Int64)
_MAX_COLUMNS = 16
_MODEL = re.compile(r"model/.+@[0-9]+")


@operation("dataset.keep_measurement", permission="dataset:write", on="ref")
def keep_measurement(ctx: Context, *, ref: str, by: str, digest: str) -> FileMeasurement:
    """Keep what was measured of the files of a version; what the same had measured of it before goes.

    `digest` names an uploaded Parquet file: a row for each content (`digest`), with numbers, or with vectors
    of one length (`vector`). `by` is ``images``, or a version of a model (``model/clip@1``).

    Raises
    ------
    InvalidInput
        If it is no such file, or is about other files.
    """
    if by != IMAGES and not _MODEL.fullmatch(by):
        raise InvalidInput(f"{by[:100]!r} measures nothing", hint="model/NAME@N, or images", field="by")
    with ctx.ws.read() as tx:  # the file may be large: nobody waits until it is read
        version = of_files(datasets.resolve(tx, ref, ctx.readable))
    measured, vector = _read(ctx, check_digest(digest))
    contents = index.read(ctx.blobs, load_manifest(ctx.blobs, version))["digest"].unique()
    if not measured.is_unique().all() or not measured.is_in(contents.implode()).all():
        why = "a digest is there twice, or is of no file of the version"
        raise InvalidInput("these are no measurements of these files", why=why, field="digest")
    if by != IMAGES:
        ctx.check_readable("model", by)
    datasets.get(ctx.tx, version.name, version.version)  # it may have been removed meanwhile
    measurement = FileMeasurement(
        ref=version.ref,
        by=by,
        digest=digest,
        files=measured.len(),
        dimensions=vector.shape[0] if isinstance(vector, pl.Array) else 0,
        created_at=ctx.now(),
        created_by=ctx.principal.name,
    )
    store.save(ctx.tx, version.name, version.version, measurement)
    ctx.emit(
        "dataset_version.measured",
        version.ref,
        data={"by": by, "files": measurement.files, "digest": digest},
        used=[by] if by != IMAGES else [],
    )
    return measurement


@operation("dataset.measurements", permission="dataset:read", query=True, on="ref")
def measurements(ctx: Context, *, ref: str) -> list[FileMeasurement]:
    """List what was measured of the files of a version; of a dataset without a version, of its newest."""
    version = datasets.resolve(ctx.tx, ref, ctx.readable)
    return store.of_version(ctx.tx, version.name, version.version)


@operation("dataset.last_measurement", permission="dataset:read", query=True, on="name")
def last_measurement(ctx: Context, *, name: str, by: str) -> FileMeasurement | None:
    """Show what was measured last of a dataset's files by ``images`` or a model; None if nothing was."""
    known = datasets.resolve(ctx.tx, refs.make("dataset", name), ctx.readable).name
    return store.newest(ctx.tx, known, by)


def _read(ctx: Context, digest: str) -> tuple[pl.Series, pl.DataType | None]:
    """Return the contents that were measured, and the type of their vectors; each value is read once."""
    try:
        plan = pl.scan_parquet(ctx.blobs.path(digest))
        schema = plan.collect_schema()
        if schema.get("digest") != pl.String or len(schema) > _MAX_COLUMNS:
            raise InvalidInput("these are no measurements", why="a column digest is wanted", field="digest")
        for name, kind in schema.items():
            vector = isinstance(kind, pl.Array) and kind.inner == pl.Float32 and kind.size <= MAX_DIMENSIONS
            if name != "digest" and kind not in _NUMBERS and not (name == VECTOR and vector):
                raise InvalidInput(f"column {name!r} is no measurement", why=f"it is {kind}", field="digest")
        plan.select(pl.all().null_count()).collect(engine="streaming")  # a damaged file is refused here
        return plan.select("digest").collect(engine="streaming")["digest"], schema.get(VECTOR)
    except (pl.exceptions.PolarsError, OSError) as error:
        why = reason(error)
        raise InvalidInput("the file can't be read", why=why, field="digest") from error
