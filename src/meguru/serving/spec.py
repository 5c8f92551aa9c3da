"""The specs of endpoints: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import msgspec
from sqlalchemy import Connection

from meguru.base import durations, refs
from meguru.base.names import check_full_name
from meguru.datasets import store as datasets
from meguru.datasets.manifest import load_manifest
from meguru.datasets.personal.masking import hidden_columns_of
from meguru.errors import Conflict
from meguru.features.pinning import chosen
from meguru.kernel.kinds import provided
from meguru.kernel.operations import Context
from meguru.predictions.types import read_rule
from meguru.registry import store as models
from meguru.registry.verified import check_verified
from meguru.serving import store
from meguru.serving.contracts import consumers
from meguru.serving.contracts import store as contracts
from meguru.serving.kind import EndpointSpec
from meguru.serving.types import Endpoint

MAX_SHOWN = 5
READERS = "gate reader"
"""The family that knows what a gate may ask: ``f(tx, gates, model)`` refuses what makes no sense or can never
pass."""


def find(tx: Connection, name: str) -> EndpointSpec | None:
    """Return the present spec; None if there is no such endpoint."""
    endpoint = store.find(tx, name)
    return None if endpoint is None else _spec(endpoint)


def find_many(tx: Connection, names: Sequence[str]) -> dict[str, EndpointSpec]:
    """Return the present specs of those of these names that are there."""
    return {endpoint.name: _spec(endpoint) for endpoint in store.find_many(tx, names)}


def _spec(found: Endpoint) -> EndpointSpec:
    return EndpointSpec(
        model=refs.relative_to(refs.project_of(found.name), found.model),
        gates=found.gates,
        record=found.record,
        description=found.description,
        renew_within=found.renew_within,
        feedback=found.feedback,
        features=found.features,
    )


def names(tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
    """Return the names of what is declared in some projects (None: in all), sorted."""
    return store.names(tx, projects)


def check(ctx: Context, name: str, spec: EndpointSpec) -> EndpointSpec:
    """Return the spec with its model in full; refuse gates that can never pass.

    Raises
    ------
    UnsafeModel
        If the model has versions, none of which is verified.
    """
    project = refs.project_of(name)
    model = refs.within(project, spec.model.removeprefix("model/"))
    full = check_full_name("model", refs.parse(model, kind="model").name, field="model")
    if (theirs := refs.project_of(full)) != project:
        ctx.require("model:read", project=theirs, why=f"the endpoint would serve model/{full}")
    versions = models.versions(ctx.tx, full, before=None, limit=1)
    if versions and not models.newest_verified(ctx.tx, full):
        check_verified(versions[0])
    for gate in spec.gates:
        for field in ("golden", "groups"):
            if isinstance(rows := gate.get(field), str) and rows not in {"", "counts"}:
                _see_rows(ctx, project, rows, in_clear=field == "groups")
    present = store.find(ctx.tx, name)
    # Only for gates that are new: who changes a description need not have the right to run code.
    if any(gate.get("code") for gate in spec.gates if not present or gate not in present.gates):
        why = "a gate of the endpoint is code, and whoever declares it has it run here"
        ctx.require("pipeline:write", project=project, why=why)
    read_rule(spec.feedback)
    if spec.features:
        chosen(ctx, project, spec.features)
    if spec.gates:
        provided(READERS).load("release")(ctx.tx, spec.gates, full)
    renew = durations.length(spec.renew_within, field="renew_within")
    return msgspec.structs.replace(spec, model=refs.relative_to(project, full), renew_within=renew)


def _see_rows(ctx: Context, project: str, rows: str, *, in_clear: bool) -> None:
    """Refuse rows that are not there, or that who declares the endpoint may not see.

    Groups may be of personal columns: they are read as they are, which needs the right to.
    """
    full = refs.within(project, rows.removeprefix("dataset/"))
    name = refs.parse(full, kind="dataset").name
    ctx.check_readable("dataset", name)
    version = datasets.resolve(ctx.tx, full)
    if in_clear and hidden_columns_of(ctx, version, load_manifest(ctx.blobs, version)):
        why = f"groups would be made of personal columns of dataset/{name}: that needs dataset:clear"
        ctx.require("dataset:clear", project=refs.project_of(name), why=why)


def uses(name: str, spec: EndpointSpec) -> list[str]:
    """Return nothing: the model that an endpoint names may come later."""
    del name, spec
    return []


def save(ctx: Context, name: str, spec: EndpointSpec) -> None:
    """Write the spec.

    Raises
    ------
    Conflict
        If another model is to be served while versions of the present one are live: its callers would get
        other answers to the same question, with no release to say so.
    """
    endpoint, model = store.find(ctx.tx, name), refs.within("", spec.model)
    if endpoint is not None and endpoint.model != model and endpoint.live is not None:
        raise Conflict(
            f"endpoint {name!r} serves model/{endpoint.model}, which is live",
            where=refs.make("endpoint", name),
            why="an endpoint keeps its model while a version of it answers",
            hint=f"declare another endpoint, or retire this one first: meguru endpoint delete {name}",
        )
    store.declare(
        ctx.tx, name, msgspec.structs.asdict(spec) | {"model": model}, at=ctx.now(), by=ctx.principal.name
    )


def retire(ctx: Context, name: str) -> None:
    """Take the endpoint out of use: it answers no more, its releases and predictions stay."""
    store.retire(ctx.tx, name, ctx.now())
    store.take_out(ctx.tx, name, ctx.now())
    contracts.retire(ctx.tx, name, ctx.now())


def touches(tx: Connection, name: str, after: EndpointSpec | None) -> list[str]:
    """Return in words what is live behind an endpoint, and who asks it: `after` is None when it is to go."""
    endpoint = store.find(tx, name)
    if endpoint is None or endpoint.live is None:
        return []
    seen = consumers.of(tx, name)
    asking = sorted({consumer.principal for consumer in seen})
    shown = ", ".join(asking[:MAX_SHOWN]) + (", …" if len(asking) > MAX_SHOWN else "")
    who = f"{len(asking)} ask it: {shown}" if asking else "nobody has asked it yet"
    if after is None:
        return [f"{endpoint.live.model_ref} is live, and answers no more; {who}"]
    told = [f"{endpoint.live.model_ref} is live; {who}"]
    if after.gates != endpoint.gates:
        told.append("its next release has to pass the new gates; what is live stays")
    return told
