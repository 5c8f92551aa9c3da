"""Features that were read online, as values of Python and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from meguru.features.online.json_values import columns_of, plain, typed
from meguru.features.online.lookup import EntityRows
from meguru.features.online.plan import ReadPlan
from meguru.features.online.reader import (
    PERMISSION,
    permit,
    permit_asked,
    permit_personal,
    reader_of,
    refs_of,
)
from meguru.features.online.states import ValueState
from meguru.kernel.operations import Context, operation

if TYPE_CHECKING:
    from meguru.kernel.remote import RemoteWorkspace
    from meguru.kernel.workspace import Workspace

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FeatureValue(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value as it was read.

    `time` is when it holds from and `age` how long ago that was, in seconds; None for what is not there or
    holds always.
    """

    value: Any
    status: ValueState
    time: datetime | None = None
    age: float | None = None


class OnlineFeatures(msgspec.Struct, frozen=True, kw_only=True):
    """Features of some entities.

    Attributes
    ----------
    features
        What they are called, in the order in which they were asked for.
    views
        For each of them, the version of the view that it is of.
    types
        For each of them, how its values are written: ``Float64``, ``Datetime[UTC]``.
    entities
        The entities that were asked for, a list of values for each join key.
    rows
        For each entity its values, by the name of the feature.
    """

    features: list[str]
    views: dict[str, str]
    types: dict[str, str]
    entities: dict[str, list[Any]]
    rows: list[dict[str, FeatureValue]]

    def values(self) -> list[dict[str, Any]]:
        """Return the values alone, of each entity."""
        return [{name: each.value for name, each in row.items()} for row in self.rows]


def online(
    ws: Workspace | RemoteWorkspace,
    features: str | Sequence[str],
    entities: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    *,
    full_names: bool = False,
) -> OnlineFeatures:
    """Read features online.

    Parameters
    ----------
    ws
        The workspace.
    features
        A service (``"delay"``), or views and features of them (``["weather", "plane:age"]``).
    entities
        One entity (``{"origin": "JFK"}``), several (``[{"origin": "JFK"}, …]``), or columns of them
        (``{"origin": ["JFK", "LGA"]}``).
    full_names
        Whether features are called ``view__feature``.

    Raises
    ------
    NotFound
        If there is no such service, view or feature.
    Busy
        If the online store is away, and a view has no answer without it.
    """
    service, names = (features, []) if isinstance(features, str) else ("", list(features))
    columns = columns_of(entities)
    if ws.is_remote:
        given = {name: [plain(each) for each in column] for name, column in columns.items()}
        found = get(ws, features=names, service=service, entities=given, full_names=full_names)
        return _with_values(found, lambda name, value: typed(value, found.types[name]))
    return _read(ws, names, service, columns, full_names=full_names)  # type: ignore[arg-type]


@operation("feature_view.get", permission="feature_view:get", query=True)
def get(
    ctx: Context,
    *,
    features: list[str] = [],  # noqa: B006 - the kernel copies it for each call
    service: str = "",
    entities: dict[str, list[Any]],
    full_names: bool = False,
) -> OnlineFeatures:
    """Read features online: of a service, or as ``view`` or ``view:feature``, for entities by join key.

    JSON has no NaN and no infinity: those are the texts ``NaN``, ``Infinity`` and ``-Infinity``; times are
    ISO 8601.
    """
    found = _read(ctx.ws, features, service, entities, full_names=full_names)
    return plain_answer(found)


def plain_answer(found: OnlineFeatures) -> OnlineFeatures:
    """Return an answer with values that JSON can hold."""
    return _with_values(found, lambda _, value: plain(value))


def _with_values(found: OnlineFeatures, changed: Callable[[str, Any], Any]) -> OnlineFeatures:
    rows = [
        {name: msgspec.structs.replace(each, value=changed(name, each.value)) for name, each in row.items()}
        for row in found.rows
    ]
    return msgspec.structs.replace(found, rows=rows)


def _read(
    ws: Workspace,
    features: list[str],
    service: str,
    entities: Mapping[str, Sequence[Any]],
    *,
    full_names: bool,
) -> OnlineFeatures:
    # By the names alone first: who may read features only in some projects learns of no view elsewhere, not
    # even that there is none. The plan says in which projects its views really are.
    reader, now = reader_of(ws), ws.clock.now()
    if not ws.principal.allows(PERMISSION):
        permit_asked(ws, refs_of(ws.home, features, service))
    plan = reader.plan(ws.home, features, service)
    permit(ws, plan.projects)
    permit_personal(ws, plan)
    return answer_of(plan, reader.read(plan, entities, now), entities, now, full_names=full_names)


def answer_of(
    plan: ReadPlan,
    found: Sequence[EntityRows],
    entities: Mapping[str, Sequence[Any]],
    now: datetime,
    *,
    full_names: bool,
) -> OnlineFeatures:
    """Return what was read in the form of an answer."""
    said = plan.answered(full=full_names)
    count = len(found[0].values) if found else 0
    ages = [[_age(event, now) for event in rows.events] for rows in found]
    return OnlineFeatures(
        features=said.names,
        views=said.views,
        types=said.types,
        entities={key: list(entities[key]) for key in plan.keys},
        rows=[
            {
                name: _value(found[view], entity, feature, ages[view][entity])
                for name, view, feature in said.places
            }
            for entity in range(count)
        ],
    )


def _age(event: int, now: datetime) -> tuple[datetime | None, float | None]:
    if not event:
        return None, None
    moment = _EPOCH + timedelta(microseconds=event)
    return moment, (now - moment).total_seconds()


def _value(
    rows: EntityRows, entity: int, feature: int, age: tuple[datetime | None, float | None]
) -> FeatureValue:
    value = rows.values[entity][feature]
    return FeatureValue(value=value, status=rows.state(entity, feature), time=age[0], age=age[1])
