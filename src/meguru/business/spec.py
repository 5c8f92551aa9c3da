"""The specs of business metrics: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import msgspec
from sqlalchemy import Connection

from meguru.base import refs
from meguru.business import store
from meguru.business.code import check_code
from meguru.business.kind import BusinessMetricSpec
from meguru.business.types import TABLE, BusinessMetric, predictions_of
from meguru.datasets.sql.guard import tables_of
from meguru.errors import InvalidInput, UsageError
from meguru.kernel.kinds import provided
from meguru.kernel.operations import Context

MAX_DATASETS, MAX_UNIT_LENGTH = 10, 100
ENDPOINTS = "endpoint finder"
"""The family that knows what endpoints there are: ``f(tx, name)`` refuses one that is not there."""


def find(tx: Connection, name: str) -> BusinessMetricSpec | None:
    """Return the present spec; None if there is no such metric."""
    metric = store.find(tx, name)
    return None if metric is None else _spec(metric)


def find_many(tx: Connection, names: Sequence[str]) -> dict[str, BusinessMetricSpec]:
    """Return the present specs of those of these names that are there."""
    return {metric.name: _spec(metric) for metric in store.find_many(tx, names)}


def names(tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
    """Return the names of what is declared in some projects (None: in all), sorted."""
    return [metric.name for metric in store.page(tx, projects)]


def _spec(found: BusinessMetric) -> BusinessMetricSpec:
    project = refs.project_of(found.name)
    spec = msgspec.convert(found, BusinessMetricSpec, from_attributes=True)
    return msgspec.structs.replace(
        spec,
        endpoint=refs.relative_to(project, found.endpoint),
        datasets=[refs.relative_to(project, dataset) for dataset in found.datasets],
    )


def check(ctx: Context, name: str, spec: BusinessMetricSpec) -> BusinessMetricSpec:
    """Return the spec with its endpoint and datasets in full.

    Who declares it must be allowed to read what it reads: the predictions, and the datasets.

    Raises
    ------
    InvalidInput
        If it says not what it measures, in the one way or the other, or if that is no question.
    """
    project = refs.project_of(name)
    if bool(spec.sql.strip()) == bool(spec.python):
        what = "a business metric is measured by SQL, or by a function"
        raise InvalidInput(what, field="sql", hint='sql = "SELECT … AS value FROM predictions"')
    if spec.code and not spec.python:
        raise InvalidInput("only a function has code", field="code")
    predictions_of(spec.per)
    if len(spec.unit) > MAX_UNIT_LENGTH:
        raise InvalidInput(f"a unit has at most {MAX_UNIT_LENGTH} characters", field="unit")
    if spec.target is not None and not math.isfinite(spec.target):
        raise InvalidInput("target is a number", field="target", why=f"it is {spec.target}")
    full = refs.parse(refs.within(project, spec.endpoint.removeprefix("endpoint/")), kind="endpoint").name
    # Who may write here may not read everywhere: a metric would carry numbers over the border.
    if (theirs := refs.project_of(full)) != project:
        ctx.require("prediction:read", project=theirs, why=f"the metric would read endpoint/{full}")
    provided(ENDPOINTS).load("endpoint")(ctx.tx, full)
    if spec.sql:
        _check_sql(spec.sql)
    return msgspec.structs.replace(
        spec, endpoint=refs.relative_to(project, full), datasets=_datasets(ctx, project, spec)
    )


def _check_sql(sql: str) -> None:
    try:
        words = tables_of(sql)
    except UsageError as error:
        raise InvalidInput(error.what, why=error.why, hint=error.hint, field="sql") from None
    if TABLE not in words:
        hint = "SELECT … AS value FROM predictions"
        raise InvalidInput("the query does not ask the predictions", field="sql", hint=hint)


def _datasets(ctx: Context, project: str, spec: BusinessMetricSpec) -> list[str]:
    if len(spec.datasets) > MAX_DATASETS:
        raise InvalidInput(f"a metric reads at most {MAX_DATASETS} datasets", field="datasets")
    found: list[str] = []
    tables: set[str] = set()
    for index, said in enumerate(spec.datasets):
        full = refs.within(project, said.removeprefix("dataset/"))
        bare = refs.parse(full, kind="dataset").name
        if bare.rpartition("/")[2] == TABLE:
            what = f"the table {TABLE} is that of the endpoint"
            raise InvalidInput(what, field=f"datasets[{index}]", hint="register the dataset by another name")
        if (table := refs.bare(bare)) in tables:
            what = f"two datasets would be the table {table!r}"
            raise InvalidInput(what, field=f"datasets[{index}]", hint="register one of them by another name")
        tables.add(table)
        # It need not be there yet: a project file's datasets come last.
        if (theirs := refs.project_of(bare)) != project:
            ctx.require("dataset:read", project=theirs, why=f"the metric would read dataset/{bare}")
        found.append(refs.relative_to(project, full))
    return found


def uses(name: str, spec: BusinessMetricSpec) -> list[str]:
    """Return the endpoint, and the datasets."""
    del name
    endpoint = refs.make("endpoint", refs.within("", spec.endpoint))
    return [endpoint, *(refs.make("dataset", refs.within("", dataset)) for dataset in spec.datasets)]


def save(ctx: Context, name: str, spec: BusinessMetricSpec) -> None:
    """Write the spec; what the metric came to before stays as it was measured."""
    if spec.python:
        why = "the metric is code, and whoever declares it has it run here"
        ctx.require("pipeline:write", project=refs.project_of(name), why=why)
        check_code(ctx.blobs, spec.python, spec.code)
    values = msgspec.structs.asdict(spec) | {
        "endpoint": refs.within("", spec.endpoint),
        "datasets": [refs.within("", dataset) for dataset in spec.datasets],
    }
    store.declare(ctx.tx, name, values, at=ctx.now(), by=ctx.principal.name)


def retire(ctx: Context, name: str) -> None:
    """Take the metric out of use; its values stay."""
    store.take_out(ctx.tx, name, ctx.now())
