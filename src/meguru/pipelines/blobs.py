"""Which blobs pipelines, their runs and their logs need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from sqlalchemy import Row

from meguru.artifacts.integrity.sources import BlobSource, declare, declare_form
from meguru.artifacts.integrity.types import PLAIN, BlobMember, BlobReference
from meguru.base import refs
from meguru.compute.materializers.base import Value
from meguru.compute.materializers.items import KIND as ITEMS
from meguru.pipelines import lockfiles
from meguru.pipelines.logs.schema import step_log
from meguru.pipelines.schema import pipeline_version, step_run

NESTED = "nested"
_TREES = {"model", "sparse", "figure"}


class _Nested(msgspec.Struct):
    parts: list[Value]


def form_of(value: Value) -> str:
    """Return how the blob of a step's output lists others."""
    if value.kind in _TREES or (value.kind == "files" and value.meta.get("folder")):
        return "tree"
    return value.kind if value.kind in {ITEMS, NESTED} else PLAIN


def _listed(values: Iterable[Value]) -> Iterator[BlobMember]:
    for number, value in enumerate(values):
        yield BlobMember(digest=value.digest, path=str(number), form=form_of(value))


def _of_version(row: Row[Any]) -> Iterator[BlobReference]:
    ref = refs.make("pipeline", row.name, row.version)
    yield BlobReference(digest=row.snapshot, ref=ref, part="source code", form="tree")
    for step in row.graph["steps"]:
        path, digest = lockfiles.split(step.get("env"))
        if digest:
            yield BlobReference(digest=digest, ref=ref, part=f"lock file {path}", form="tree")


def _of_step(row: Row[Any]) -> Iterator[BlobReference]:
    ref = refs.make("pipeline_run", row.run)
    for value in msgspec.convert(row.outputs, list[Value]):
        yield BlobReference(digest=value.digest, ref=ref, part=f"output of {row.step}", form=form_of(value))
    if row.log:
        yield BlobReference(digest=row.log, ref=ref, part=f"log of {row.step}")


def _of_log(row: Row[Any]) -> Iterator[BlobReference]:
    if row.blob:
        yield BlobReference(
            digest=row.blob, ref=refs.make("pipeline_run", row.run), part=f"log of {row.step}"
        )


declare_form(ITEMS, lambda body: _listed(msgspec.json.decode(body, type=list[Value])))
declare_form(NESTED, lambda body: _listed(msgspec.json.decode(body, type=_Nested).parts))
VERSIONS = declare(
    BlobSource(
        key=[pipeline_version.c.name, pipeline_version.c.version],
        columns=[
            pipeline_version.c.name,
            pipeline_version.c.version,
            pipeline_version.c.snapshot,
            pipeline_version.c.graph,
        ],
        read=_of_version,
    )
)
STEPS = declare(
    BlobSource(
        key=[step_run.c.id],
        columns=[step_run.c.run, step_run.c.step, step_run.c.outputs, step_run.c.log],
        read=_of_step,
    )
)
LOGS = declare(
    BlobSource(
        key=[step_log.c.step_run, step_log.c.attempt],
        columns=[step_log.c.run, step_log.c.step, step_log.c.blob],
        read=_of_log,
    )
)
