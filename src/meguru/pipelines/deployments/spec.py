"""What people say of pipelines: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from meguru.base import digests
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context
from meguru.kernel.projects import condition
from meguru.pipelines import store
from meguru.pipelines.deployments import store as deployments
from meguru.pipelines.deployments.move import move, take_out
from meguru.pipelines.kind import PipelineSpec
from meguru.pipelines.priority import check_priority
from meguru.pipelines.schema import pipeline
from meguru.pipelines.types import PipelineVersion, StepCode

_SAID = ("params", "priority", "description", "owner")
_SHORT = 12
_MAX_LENGTHS = {"description": 100_000, "owner": 200, "entry": 1000}


def find(tx: Connection, name: str) -> PipelineSpec | None:
    """Return the present spec; None while no version is deployed."""
    number = deployments.deployed(tx, name)
    if number is None:
        return None
    version = store.get(tx, name, number)
    said = tx.execute(select(pipeline.c.spec).where(pipeline.c.name == name)).scalar() or {}
    return PipelineSpec(entry=version.entry, digest=version.digest, steps=short(version.codes), **said)


def names(tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
    """Return the names of the pipelines of some projects (None: of all) that are deployed, sorted."""
    number = deployments.version_column()
    query = select(pipeline.c.name).where(number > 0, condition(pipeline.c.name, projects))
    return list(tx.execute(query.order_by(pipeline.c.name)).scalars())


def check(ctx: Context, name: str, spec: PipelineSpec) -> PipelineSpec:
    """Return the spec as it is; refuse what is too long, or no digest."""
    del ctx, name
    for field, longest in _MAX_LENGTHS.items():
        if len(getattr(spec, field)) > longest:
            raise InvalidInput(f"the {field} is too long", field=field, why=f"up to {longest:,} characters")
    digests.check_digest(spec.digest, field="digest")
    check_priority(spec.priority)
    return spec


def uses(name: str, spec: PipelineSpec) -> list[str]:
    """Return nothing: a pipeline is made from nothing that a file declares."""
    del name, spec
    return []


def save(ctx: Context, name: str, spec: PipelineSpec) -> None:
    """Deploy the version that the spec names, and write what else it says.

    Raises
    ------
    InvalidInput
        If no version has this digest: it is registered first.
    """
    version = store.of_digest(ctx.tx, name, spec.digest)
    if version is None:
        why = f"no version of pipeline/{name} has this digest"
        raise InvalidInput("the code was not registered", field="digest", why=why, hint="meguru apply")
    move(ctx, version, reason="it was declared")
    said = {field: value for field in _SAID if (value := getattr(spec, field)) not in ({}, None, "")}
    ctx.tx.execute(update(pipeline).where(pipeline.c.name == name).values(spec=said))


def retire(ctx: Context, name: str) -> None:
    """Take the pipeline out of use: none of its versions is deployed any more."""
    take_out(ctx, name, reason="it was retired")
    ctx.tx.execute(update(pipeline).where(pipeline.c.name == name).values(spec=None))


def touches(tx: Connection, name: str, after: PipelineSpec | None) -> list[str]:
    """Return in words which steps have other code than those that are deployed: their caches will miss."""
    before = find(tx, name)
    if before is None or after is None or before.digest == after.digest:
        return []
    changed = [step for step, code in after.steps.items() if before.steps.get(step) != code]
    gone = [step for step in before.steps if step not in after.steps]
    told = [f"the next run runs {', '.join(changed)} again: their code changed"] if changed else []
    return told + ([f"the steps {', '.join(gone)} are gone"] if gone else [])


def default_params(tx: Connection, version: PipelineVersion) -> dict[str, Any]:
    """Return the declared parameters of a pipeline that a version of it has."""
    said = tx.execute(select(pipeline.c.spec).where(pipeline.c.name == version.name)).scalar() or {}
    known = {parameter.name for parameter in version.graph.parameters}
    return {name: value for name, value in said.get("params", {}).items() if name in known}


def default_priority(tx: Connection, name: str) -> int | None:
    """Return the declared priority of a pipeline's runs."""
    said = tx.execute(select(pipeline.c.spec).where(pipeline.c.name == name)).scalar() or {}
    return msgspec.convert(said.get("priority"), int | None)


def short(codes: dict[str, StepCode]) -> dict[str, str]:
    """Return for each step what its cache key knows of its code, short."""
    return {
        key: digests.of_value([one.code.digest, one.environment.digest])[:_SHORT]
        for key, one in sorted(codes.items())
    }
