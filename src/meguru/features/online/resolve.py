"""Resolve the names of features to versions of views, and those to read plans."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from meguru.base import refs
from meguru.base.late import importing
from meguru.datasets.redaction import hidden_columns
from meguru.datasets.spec import spec_of
from meguru.errors import InvalidInput, NotFound
from meguru.features import dtypes, spec_validation, store
from meguru.features.materialization import store as materialized
from meguru.features.materialization.types import OnlineState
from meguru.features.online.online_view import OnlineView
from meguru.features.online.plan import Picked, ReadPlan
from meguru.features.types import FeatureViewVersion


def plan_of_views(tx: Connection, project: str, texts: Sequence[str]) -> ReadPlan:
    """Return how features are read that are named as ``view``, ``view:feature`` or ``view@2:feature``.

    A view without a version is its newest one of which values are online.

    Raises
    ------
    NotFound
        If there is no such view.
    InvalidInput
        If it has no such feature, or its values are computed when somebody asks.
    """
    asked: dict[str, list[str]] = {}
    for index, text in enumerate(texts):
        one = spec_validation.parse_member(text, field=f"features[{index}]")
        asked.setdefault(refs.within(project, one.view), []).append(one.feature)
    return _plan(tx, [(_version(tx, view), features) for view, features in asked.items()])


def plan_of_service(tx: Connection, project: str, service: str) -> ReadPlan:
    """Return how the features of a service are read: exactly its versions of views.

    Where there is no such service, a view of the name is meant, as for training sets.
    """
    full = refs.within(project, service.removeprefix("feature_service/"))
    try:
        found = store.service(tx, full)
    except NotFound:
        if store.spec_of(tx, "feature_view", full.partition("@")[0]) is None:
            raise
        return plan_of_views(tx, project, [service])
    members = [(store.view(tx, each.view), each.features or [""]) for each in found.members]
    return _plan(tx, members, more={refs.project_of(found.name)})


def _plan(
    tx: Connection, asked: Sequence[tuple[FeatureViewVersion, Sequence[str]]], more: set[str] | None = None
) -> ReadPlan:
    if not asked:
        raise InvalidInput("no features are asked for", field="features", hint="weather:temp")
    views: list[OnlineView] = []
    picked: list[Picked] = []
    personal: set[str] = set()
    for number, (version, features) in enumerate(asked):
        state = materialized.online(tx, version.name, version.version)
        view = online_view(version, state)
        views.append(view)
        bare = refs.bare(version.name)
        for feature in features:
            picked += [
                Picked(number, place, name, f"{bare}__{name}") for place, name in _named(view, feature)
            ]
        personal |= _personal(tx, version, state, {one.name for one in picked if one.view == number})
    projects = {refs.project_of(version.name) for version, _ in asked} | (more or set())
    return ReadPlan(views, list(dict.fromkeys(picked)), frozenset(projects), frozenset(personal))


def _personal(
    tx: Connection, version: FeatureViewVersion, state: OnlineState | None, features: set[str]
) -> set[str]:
    """Return the projects of the datasets of which features are personal columns in clear."""
    found, project = set(), refs.project_of(version.name)
    pinned = state.datasets if state else {}
    for source, dataset in version.definition.sources.items():
        name = refs.parse(refs.within(project, dataset), kind="dataset").name
        hidden = hidden_columns(spec_of(tx, name)) | set(pinned[source].hidden if source in pinned else [])
        if hidden & features:
            found.add(refs.project_of(name))
    return found


def _named(view: OnlineView, feature: str) -> list[tuple[int, str]]:
    names = view.layout.names
    if not feature:
        if not names:
            hint = f"meguru features materialize {view.name}"
            raise NotFound(f"nothing of {view.ref} is online yet", where=view.ref, hint=hint)
        return list(enumerate(names))
    if feature in names:
        return [(names.index(feature), feature)]
    raise NotFound.of(f"feature of {view.ref}", feature, names)


def _version(tx: Connection, view: str) -> FeatureViewVersion:
    """Return the version that is meant: the newest that was brought online, else one that has pushed rows."""
    version = store.view(tx, view)
    is_named = refs.parse(view, kind="feature_view").version not in {None, "latest"}
    if is_named or version.definition.form == "on_demand":
        return version
    states = {
        number: state
        for (_, number), state in materialized.all_online(tx, version.name).items()
        if number <= version.version and is_ready(state)
    }
    # A version that is only pushed to is not complete before its first materialization: one that is whole
    # wins.
    whole = [number for number, state in states.items() if state.at is not None]
    number = max(whole or states, default=version.version)
    return store.view(tx, refs.make("feature_view", version.name, number))


def is_ready(state: OnlineState | None) -> bool:
    """Tell whether values of a version can be read."""
    return state is not None and bool(state.stored)


def online_view(version: FeatureViewVersion, state: OnlineState | None) -> OnlineView:
    """Return a version of a view, ready to be read."""
    with importing:  # with Polars, which whoever only asks whether values are there needs not
        from meguru.features.online.keys import KeyLayout
        from meguru.features.online.layout import Layout
    definition = version.definition
    if definition.form == "on_demand":
        why, hint = "its values are computed when somebody asks", "ask an endpoint, or name the other views"
        raise InvalidInput(f"nothing of {version.ref} is online", why=why, field="features", hint=hint)
    features = state.features if state else version.features
    keys = state.keys if state else dict.fromkeys(definition.keys, "String")
    return OnlineView(
        version.ref,
        state.stored if state else "",
        KeyLayout({name: dtypes.polars_type(kind) for name, kind in keys.items()}),
        Layout({name: dtypes.polars_type(kind) for name, kind in features.items()}),
        ttl=definition.ttl,
        missing=definition.missing,
        defaults=definition.defaults,
    )
