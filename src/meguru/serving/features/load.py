"""Load the feature plan of a deployment from what was pinned and from what is online."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection

from meguru.base import refs
from meguru.features import store as views
from meguru.features.materialization import store as online
from meguru.features.offline.training import load_set
from meguru.features.types import FeatureSet, PinnedView
from meguru.flavors import Signature, SignatureColumn
from meguru.serving.features.plan import FeaturePlan, InputFeature, PlannedView
from meguru.serving.types import UsedFeatures
from meguru.storage.blobs import BlobStore

_UNKNOWN = "String"
"""The type of a key of a view that was never online: it is refused before anybody sends one."""


def load_plan(tx: Connection, blobs: BlobStore, used: UsedFeatures) -> FeaturePlan:
    """Return the plan of the features that a model learned from."""
    return plan_of(tx, load_set(blobs, used.chosen))


def plan_of(tx: Connection, chosen: FeatureSet) -> FeaturePlan:
    """Return the plan of chosen features: the views that are looked up, then those that are computed."""
    members = {view.ref: view for view in chosen.views}
    there = {pinned_view.ref: pinned_view for view in chosen.views for pinned_view in view.inputs} | members
    planned_views = {ref: _planned(tx, view) for ref, view in there.items()}
    planned = [
        _with_columns(view, members[ref], full_names=chosen.full_names) if ref in members else view
        for ref, view in planned_views.items()
    ]
    # Those that are looked up first (False sorts before True): the others take values of them.
    return FeaturePlan(views=sorted(planned, key=lambda view: view.on_demand))


def request_columns(
    tx: Connection, blobs: BlobStore, signature: Signature, used: UsedFeatures | None
) -> tuple[SignatureColumn, ...]:
    """Return what clients have to send for a model: what it takes, or what its views are asked with."""
    return signature.inputs if used is None else load_plan(tx, blobs, used).raw_columns(signature)


def _planned(tx: Connection, view: PinnedView) -> PlannedView:
    parsed = refs.parse(view.ref, kind="feature_view")
    state = online.online(tx, parsed.name, int(str(parsed.version)))
    version = views.view(tx, view.ref)
    features = (state.features if state else {}) or version.features or view.definition.features
    return PlannedView(
        ref=view.ref,
        definition=view.definition,
        features=features,
        columns={},
        keys={name: (state.keys if state else {}).get(name, _UNKNOWN) for name in view.definition.keys},
        takes=list(_taken(view, tx)),
        code=view.code,
    )


def _taken(view: PinnedView, tx: Connection) -> Iterator[InputFeature]:
    for pinned_view in view.inputs:
        kinds = _planned(tx, pinned_view).features
        for feature in pinned_view.picked or kinds:
            yield InputFeature(view=pinned_view.ref, feature=feature, kind=kinds.get(feature, "Float64"))


def _with_columns(view: PlannedView, member: PinnedView, *, full_names: bool) -> PlannedView:
    names = member.picked or list(view.features)
    columns = {name: f"{view.name}__{name}" if full_names else name for name in names}
    return msgspec.structs.replace(view, columns=columns)
