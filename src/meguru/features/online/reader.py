"""Read features online: a cache of read plans, invalidated by the event log."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from meguru.base import refs
from meguru.features.online.last_known import LastKnown
from meguru.features.online.lookup import EntityRows, look_up
from meguru.features.online.plan import ReadPlan
from meguru.features.online.resolve import plan_of_service, plan_of_views
from meguru.features.online.stores import online_of
from meguru.kernel import events
from meguru.kernel.operations.authorise import refuse, require

if TYPE_CHECKING:
    from meguru.kernel.workspace import Workspace

PERMISSION, CLEAR, _DOING = "feature_view:get", "dataset:clear", "feature_view.get"
REFRESH_SECONDS = 1.0
"""For how long a cached plan is used before the event log is asked for news."""
MAX_PLANS = 1_000
_PART = "online reader"
_INVALIDATED_BY = (
    "feature_view.registered", "feature_view.created", "feature_view.updated", "feature_view.retired",
    "feature_view.pushed", "feature_service.registered", "feature_service.updated",
    "feature_service.retired", "materialization.succeeded", "dataset.created", "dataset.updated",
    "dataset.retired",
)  # fmt: skip
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
PlanKey: TypeAlias = tuple[str, str, tuple[str, ...]]
"""The project, a service (or none), and features."""


class OnlineReader:
    """What a process knows of the views that it reads. Safe for many threads."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._plans: OrderedDict[PlanKey, ReadPlan] = OrderedDict()
        self._known = LastKnown()
        self._clearings = 0
        self._refreshed_at = 0.0
        self._head = -1
        self._refresh_lock = threading.Lock()

    def plan(self, project: str, features: Sequence[str] = (), service: str = "") -> ReadPlan:
        """Return how features are read; see `plan_of_views` and `plan_of_service`."""
        if time.monotonic() - self._refreshed_at > REFRESH_SECONDS:
            self.refresh()
        question = (project, service, tuple(features))
        found = self._plans.get(question)
        return self._found(question) if found is None else found

    def known_plan(self, project: str, features: Sequence[str] = (), service: str = "") -> ReadPlan | None:
        """Return how features are read, if that is known and new; else `plan` asks the database."""
        if time.monotonic() - self._refreshed_at > REFRESH_SECONDS:
            return None
        return self._plans.get((project, service, tuple(features)))

    def refresh(self) -> None:
        """Forget what is known if anything was declared or brought online since."""
        with self._refresh_lock:
            if time.monotonic() - self._refreshed_at <= REFRESH_SECONDS:
                return
            with self._ws.read() as tx:
                head = events.head(tx)
                if head != self._head and (
                    self._head < 0 or events.read(tx, after=self._head, types=_INVALIDATED_BY, limit=1)
                ):
                    self._clearings += 1
                    self._plans.clear()
            self._head, self._refreshed_at = head, time.monotonic()

    def read(
        self, plan: ReadPlan, entities: Mapping[str, Sequence[Any]], now: datetime | None = None
    ) -> list[EntityRows]:
        """Read the views of a plan for some entities; see `look_up`."""
        count = plan.count(entities)
        moment = ((now or self._ws.clock.now()) - _EPOCH) // _MICROSECOND
        store = online_of(self._ws)
        return look_up(store, plan.views, plan.keys_of(entities, count), moment, self._known)

    def close(self) -> None:
        """Forget all."""
        self._plans.clear()

    def _found(self, question: PlanKey) -> ReadPlan:
        project, service, features = question
        clearings = self._clearings
        with self._ws.read() as tx:
            plan = plan_of_service(tx, project, service) if service else plan_of_views(tx, project, features)
        # A plan that was read before the plans were cleared is of the past: cached now, it would stay until
        # the next news.
        if clearings == self._clearings:
            self._plans[question] = plan
        while len(self._plans) > MAX_PLANS:
            self._plans.popitem(last=False)
        return plan


def reader_of(ws: Workspace) -> OnlineReader:
    """Return the reader of an open workspace."""
    found = ws.parts.get(_PART)
    if found is None:
        found = ws.parts.setdefault(_PART, OnlineReader(ws))
    return cast("OnlineReader", found)


def refs_of(project: str, features: Iterable[str], service: str = "") -> frozenset[refs.Ref]:
    """Return what is asked for, by its names alone: nobody asks the database."""
    kind, names = "feature_view", [text.partition(":")[0] for text in features]
    if service:
        kind, names = "feature_service", [service]
    return frozenset(refs.Ref(kind, refs.within(project, name.removeprefix(f"{kind}/"))) for name in names)


def permit_asked(ws: Workspace, asked: Iterable[refs.Ref]) -> None:
    """Raise unless the principal may read features where these are; what it may not see is not there."""
    require(ws, PERMISSION, _DOING)
    for ref in asked:
        require(ws, PERMISSION, _DOING, ref=ref, project=ref.project)


def permit(ws: Workspace, projects: Iterable[str]) -> None:
    """Raise unless the principal may read features in all of these projects.

    They are of what a service or a view is made of: who may not see one of them is not told its name.
    """
    for project in projects:
        if ws.principal.allows(PERMISSION, project):
            continue
        if not ws.principal.allows("feature_view:read", project):
            refuse(ws, PERMISSION, _DOING)
        require(ws, PERMISSION, _DOING, project=project)


def permit_personal(ws: Workspace, plan: ReadPlan) -> None:
    """Raise unless the principal may see the personal columns that are among the features of a plan."""
    for project in plan.personal:
        if not ws.principal.allows(CLEAR, project):
            require(ws, CLEAR, _DOING, project=project)
