"""Features: all views and services; one view with its values, freshness, parity and readers; one service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from markupsafe import Markup
from starlette.responses import Response

from meguru.artifacts.log import list_events
from meguru.base import refs
from meguru.console import numbers
from meguru.console.charts.bars import column_bars
from meguru.console.charts.series import spark
from meguru.console.page_request import PageFunction, Visit
from meguru.console.query_params import wanted
from meguru.features.materialization.freshness import ViewFreshness, freshness
from meguru.features.operations import (
    impact_of,
    list_entities,
    list_services,
    list_views,
    service_versions,
    show_entity,
    show_service,
    show_view,
    view_profiles,
    view_versions,
)
from meguru.features.show_profile import ViewProfile
from meguru.features.types import RegisteredView, ViewImpact

CHECKED = "endpoint.parity_checked"
_LOOKED_AT = 200


class FeatureRow(msgspec.Struct, kw_only=True):
    """One feature of a view: what its values look like, and how they move with new data."""

    name: str
    type: str
    bars: Markup | str = ""
    missing: float | None = None
    middle: str = numbers.NOTHING
    moves: Markup | str = ""
    psi: float | None = None


class ParityLine(msgspec.Struct, kw_only=True):
    """When values that the view gave at an endpoint were compared with the truth, and how many differ."""

    endpoint: str
    at: datetime
    values: int
    differing: int
    causes: dict[str, str]


def listing(visit: Visit) -> Response:
    """Show the feature views with how fresh they are, the services and the entities."""
    return visit.render(
        "features.html",
        views=list_views(visit.ws),
        fresh={each.view: each for each in freshness(visit.ws)},
        services=list_services(visit.ws),
        entities=list_entities(visit.ws),
        ref_beside=ref_beside,
        forms={
            "batch": visit.text("batch"),
            "push": visit.text("push"),
            "on_demand": visit.text("on demand"),
        },
        live="feature_view. feature_service. materialization.",
    )


def view(visit: Visit) -> Response:
    """Show one version of a feature view."""
    version = show_view(visit.ws, ref=wanted(visit, "feature_view"))
    profiles = view_profiles(visit.ws, ref=version.ref)
    impact = impact_of(visit.ws, name=version.name)
    return visit.render(
        "feature_view.html",
        version=version,
        ref_beside=ref_beside,
        declared=_declared(visit, version.name),
        versions=view_versions(visit.ws, name=version.name),
        features=_features(visit, version.features, profiles),
        rows=profiles[0].rows if profiles else None,
        fresh=_fresh(visit, version.ref),
        impact=impact,
        parity=_parity(visit, impact),
        causes={
            "late data": visit.text("late data"),
            "clock": visit.text("clock"),
            "policy": visit.text("policy"),
            "code": visit.text("code"),
        },
        live="feature_view. materialization. endpoint.parity_checked",
    )


def service(visit: Visit) -> Response:
    """Show one version of a feature service: exactly its versions of views."""
    version = show_service(visit.ws, ref=wanted(visit, "feature_service"))
    found = next((each for each in list_services(visit.ws) if each.name == version.name), None)
    return visit.render(
        "feature_service.html",
        version=version,
        declared=found,
        versions=service_versions(visit.ws, name=version.name),
        live="feature_service.",
    )


def entity(visit: Visit) -> Response:
    """Show an entity, and the views that are about it."""
    found = show_entity(visit.ws, name=refs.make("entity", visit.full("name")))
    about = [
        each
        for each in list_views(visit.ws)
        if found.ref in {ref_beside(each.name, "entity", name) for name in each.latest.definition.entities}
    ]
    return visit.render("feature_entity.html", entity=found, views=about, live="feature_view.")


def ref_beside(view: str, kind: str, name: str) -> str:
    """Return the reference of what a view's definition names: a bare name is of the view's project."""
    return refs.make(kind, refs.within(refs.project_of(view), name.removeprefix(f"{kind}/")))


def _declared(visit: Visit, name: str) -> RegisteredView | None:
    return next((each for each in list_views(visit.ws) if each.name == name), None)


def _fresh(visit: Visit, ref: str) -> ViewFreshness | None:
    return next((each for each in freshness(visit.ws) if each.view == ref), None)


def _features(visit: Visit, types: Mapping[str, str], profiles: Sequence[ViewProfile]) -> list[FeatureRow]:
    newest = profiles[0] if profiles else None
    drift = newest.rows.drift if newest else {}
    return [_row(visit, name, kind, profiles, drift.get(name)) for name, kind in types.items()]


def _row(
    visit: Visit, name: str, kind: str, profiles: Sequence[ViewProfile], psi: float | None
) -> FeatureRow:
    row = FeatureRow(name=name, type=kind, psi=psi)
    profile: dict[str, Any] = profiles[0].columns.get(name, {}) if profiles else {}
    if not profile:
        return row
    whole = profile["count"] + profile["nulls"]
    row.missing = profile["nulls"] / whole if whole else None
    row.bars = column_bars(profile, visit.text("The values of {column}", column=name))
    middles = [_middle(each.columns.get(name, {})) for each in reversed(profiles)]
    if middles[-1] is not None:
        row.middle = numbers.number(middles[-1])
    if len([each for each in middles if each is not None]) > 1:
        row.moves = spark(
            middles, visit.text("The middle of {column} with each version of the data", column=name)
        )
    return row


def _middle(profile: Mapping[str, Any]) -> float | None:
    found = profile.get("quantiles") if profile.get("kind") == "numeric" else None
    return found[len(found) // 2] if found else None


def _parity(visit: Visit, impact: ViewImpact) -> list[ParityLine]:
    """Return the newest comparison at each endpoint that answers with the view."""
    found: dict[str, ParityLine] = {}
    if impact.endpoints:
        log = list_events(visit.ws, type=CHECKED, newest_first=True, limit=_LOOKED_AT)
        for event in log.items:
            if event.subject in impact.endpoints and event.subject not in found:
                found[event.subject] = ParityLine(
                    endpoint=event.subject,
                    at=event.at,
                    values=event.data["values"],
                    differing=event.data["differing"],
                    causes=event.data["causes"],
                )
    return list(found.values())


PAGES: dict[str, PageFunction] = {
    "/ui/features": listing,
    "/ui/features/views/{name}": view,
    "/ui/features/views/{name}/{version}": view,
    "/ui/features/services/{name}": service,
    "/ui/features/services/{name}/{version}": service,
    "/ui/features/entities/{name}": entity,
}
