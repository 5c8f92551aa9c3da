"""Collect what a release of a model is made of, as the workspace knows it now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from meguru.base import refs
from meguru.datasets import store as datasets
from meguru.errors import InvalidInput
from meguru.governance.release_policies.store import applicable_policies
from meguru.kernel.events.schema import edge
from meguru.pipelines import store as pipelines
from meguru.registry import store as registry
from meguru.releases.documents import documents_of
from meguru.releases.types import ReleaseContent, ReleasePart
from meguru.serving.contracts import store as contracts
from meguru.serving.contracts.types import ModelInput
from meguru.serving.types import Endpoint, UsedFeatures

_THROUGH = {"model", "pipeline_run", "step_run", "run"}
MAX_ANCESTORS, _BATCH = 10_000, 500


def as_now(tx: Connection, endpoint: Endpoint, content: ReleaseContent) -> ReleaseContent:
    """Return what a release is made of that has the content's model, inputs and features now."""
    return collect(
        tx, endpoint, content.model.ref, app=content.app, inputs=content.inputs, features=content.features
    )


def collect(
    tx: Connection,
    endpoint: Endpoint,
    model: str,
    *,
    app: str,
    inputs: Sequence[ModelInput] = (),
    features: UsedFeatures | None = None,
) -> ReleaseContent:
    """Return the content of a release of `model` at `endpoint`.

    Raises
    ------
    NotFound
        If there is no such version of the model.
    UnsafeModel
        If the version is not verified.
    InvalidInput
        If the endpoint serves another model.
    """
    version = registry.resolve_verified(tx, model)
    if version.name != endpoint.model:
        raise InvalidInput(
            f"{version.ref} can't be released at {endpoint.name!r}",
            why=f"the endpoint serves versions of model/{endpoint.model}",
            field="model",
        )
    made_from = ancestors(tx, version.ref)
    pipeline = next((ref for ref in made_from if refs.parse(ref).kind == "pipeline"), None)
    run = next((ref for ref in made_from if refs.parse(ref).kind in {"pipeline_run", "run"}), "")
    return ReleaseContent(
        app=app,
        pipeline=None
        if pipeline is None
        else ReleasePart(ref=pipeline, digest=pipelines.resolve(tx, pipeline).digest),
        run=run,
        datasets=[
            ReleasePart(ref=ref, digest=datasets.resolve(tx, ref).digest)
            for ref in made_from
            if refs.parse(ref).kind == "dataset"
        ],
        model=ReleasePart(ref=version.ref, digest=version.tree_digest),
        endpoint=refs.make("endpoint", endpoint.name),
        configuration={"model": endpoint.model, "record": endpoint.record},
        policies=gates_of(tx, endpoint),
        contracts=[
            ReleasePart(ref=contract.ref, digest=contract.digest)
            for contract in contracts.of(tx, endpoint.name)
        ],
        inputs=list(inputs),
        features=features,
        documents=documents_of(tx, endpoint.name, version.ref),
    )


def gates_of(tx: Connection, endpoint: Endpoint) -> list[dict[str, Any]]:
    """Return the gates that a release has to pass: the endpoint's, then those that policies add.

    Their order is that of the results, by which a verdict is held against its declaration later.
    """
    found = list(endpoint.gates)
    for policy in applicable_policies(tx, endpoint.name):
        found += [gate for gate in policy.spec.gates if gate not in found]
    return found


def ancestors(tx: Connection, model: str) -> list[str]:
    """Return what a model version was made from, sorted: its runs, their pipeline and their data."""
    seen, frontier = {model}, [model]
    while frontier and len(seen) < MAX_ANCESTORS:
        # Breadth first and a batch at a time: SQLite takes a bounded number of variables in a statement.
        made_from = select(edge.c.source).where(edge.c.target.in_(frontier[:_BATCH]))
        new = set(tx.execute(made_from).scalars()) - seen
        seen |= new
        # Datasets are leaves: what they were made from is under their own digest already.
        following = [source for source in sorted(new) if refs.parse(source).kind in _THROUGH]
        frontier = frontier[_BATCH:] + following
    return sorted(ref for ref in seen if ref != model)
