"""Which features a model learned from, by the record of the run that made it."""

from __future__ import annotations

from sqlalchemy import Connection, select

from meguru.base import refs
from meguru.errors import InvalidInput
from meguru.features.offline.training import load_set
from meguru.features.types import FeatureSet
from meguru.kernel.events.schema import edge
from meguru.pipelines import runs
from meguru.serving.types import UsedFeatures
from meguru.storage.blobs import BlobStore

_KINDS = ("feature_service", "feature_view")
_RUNS = ("pipeline_run", "step_run")
_MAX_DEPTH = 4


def features_of(tx: Connection, blobs: BlobStore, model: str) -> UsedFeatures | None:
    """Return the features that a model version learned from; None if its run used none.

    Raises
    ------
    InvalidInput
        If it used several.
    """
    pinned = {
        pin.digest: pin.ref
        for run in _runs_of(tx, model)
        for pin in runs.get(tx, run).pinned.values()
        if refs.parse(pin.ref).kind in _KINDS
    }
    if len(pinned) > 1:
        raise InvalidInput(
            f"{model} was made with several features",
            where=model,
            why=", ".join(sorted(pinned.values()))[:300],
            field="features",
            hint='say which it is asked with: features = "feature_service/…" of the endpoint',
        )
    return next((used(load_set(blobs, digest), digest) for digest in pinned), None)


def used(found: FeatureSet, digest: str) -> UsedFeatures:
    """Return chosen features as deployments name them."""
    views = [each for view in found.views for each in (view, *view.inputs)]
    return UsedFeatures(
        ref=found.ref, chosen=digest, views={view.ref: view.definition.digest for view in views}
    )


def _runs_of(tx: Connection, model: str) -> list[str]:
    """Return the ids of the pipeline runs that made a model version."""
    seen, frontier = set[str](), [model]
    for _ in range(_MAX_DEPTH):
        if not frontier:
            break
        rows = tx.execute(select(edge.c.source).where(edge.c.target.in_(frontier))).scalars().all()
        frontier = [ref for ref in rows if ref not in seen and refs.parse(ref).kind in _RUNS]
        seen.update(frontier)
    return sorted(ref.partition("/")[2] for ref in seen if ref.startswith("pipeline_run/"))
