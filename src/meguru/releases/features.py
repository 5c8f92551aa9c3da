"""Which features a release's model eats: those that its endpoint names, else those that it learned from."""

from __future__ import annotations

from meguru.base import refs
from meguru.features.pinning import chosen, keep
from meguru.kernel.operations import Context
from meguru.serving.features.origin import features_of, used
from meguru.serving.types import Endpoint, UsedFeatures


def used_features(ctx: Context, endpoint: Endpoint, model: str) -> UsedFeatures | None:
    """Return the features of a release of a model version; None if clients send all that it takes."""
    if not endpoint.features:
        return features_of(ctx.tx, ctx.blobs, model)
    feature_set = chosen(ctx, refs.project_of(endpoint.name), endpoint.features)
    return used(feature_set, keep(ctx, feature_set))
