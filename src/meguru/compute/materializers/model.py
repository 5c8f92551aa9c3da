"""Models: a folder in the MLmodel layout, kept as a tree."""

from __future__ import annotations

import shutil
from typing import Any

from meguru.artifacts import trees
from meguru.compute.materializers.base import Value, ValueStore


class ModelBundle:
    """What `meguru.flavors` writes for a `Model`; its metrics and parameters are shown with the run."""

    def fits(self, value: Any) -> bool:
        """Tell whether the value is a `Model`."""
        kind = type(value)
        return kind.__name__ == "Model" and kind.__module__ == "meguru.flavors.model"

    def save(self, value: Any, annotation: Any, place: ValueStore) -> Value:
        """Write the model's folder."""
        del annotation
        from meguru.flavors.bundle_writer import save_bundle

        folder = place.scratch / "model"
        shutil.rmtree(folder, ignore_errors=True)
        found = save_bundle(value, folder).evaluation
        digest = trees.put_folder(place.blobs, folder)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        info = {"metrics": found.metrics, "params": found.params}
        return Value(kind="model", digest=digest, size=size, info=info)

    def load(self, value: Value, annotation: Any, place: ValueStore) -> Any:
        """Read the model; of its baseline only the profile was kept, so `baseline` is None."""
        del annotation
        import polars as pl

        from meguru.flavors.bundle import load_bundle
        from meguru.flavors.model import Model

        bundle = load_bundle(
            trees.fetch(place.blobs, value.digest, place.scratch / value.digest[:16]), code=True
        )
        return Model(
            estimator=getattr(bundle.predictor, "estimator", bundle.predictor),
            example=pl.DataFrame(bundle.example.rows),
            holdout=bundle.holdout(),
            label=bundle.evaluation.label,
            metrics=bundle.evaluation.metrics,
            params=bundle.evaluation.params,
            measures=bundle.evaluation.asked,
            weight=bundle.evaluation.columns.weight,
            block=bundle.evaluation.columns.block,
            slices=bundle.evaluation.columns.slices,
            task=bundle.predictor.task,
        )


MODEL = ModelBundle()
