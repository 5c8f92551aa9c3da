"""Retention: old versions go as a dataset's declaration says; what is needed or was used stays anyway."""

import logging
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, func, select

from meguru.artifacts.holds.store import in_force
from meguru.artifacts.retention.rules import least, rules
from meguru.base import refs
from meguru.base.ticker import Ticker
from meguru.datasets import spec as specs
from meguru.datasets import store
from meguru.datasets.kind import DATASET
from meguru.datasets.remove import needed_by, of_line, remove_versions
from meguru.datasets.types import DatasetVersion, RemovedVersions, Retention
from meguru.errors import MeguruError
from meguru.kernel.events.schema import edge
from meguru.kernel.operations import Context, InternalOperation, operation
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace

log = logging.getLogger(__name__)
_RETAIN = InternalOperation(DATASET, "retain")
_DAY = 86_400.0
_PAGE = 500


@operation("dataset.prune", permission="dataset:remove", on="name")
def prune(ctx: Context, *, name: str, plan: bool = False) -> RemovedVersions:
    """Remove the versions of a dataset that its declaration does not keep; with `plan`, say which.

    The newest version, what a tag or branch holds, and what a run, model or release was made from, stay. A
    server does it by itself. The bytes are freed by ``dataset.free``.
    """
    name = store.resolve(ctx.tx, name, ctx.readable).name
    return _prune(ctx, name=name, plan=plan)


class RetentionClock(Ticker):
    """Removes what declarations do not keep, every minute."""

    name = "retention of datasets"
    pause = 60.0

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws.with_(principal=system("retention"))

    def tick(self) -> list[str]:
        """Look once; return the references of what was removed."""
        with self.ws.read() as tx:
            due = [name for name in specs.names(tx, None) if expired(self.ws, tx, name)]
        found: list[str] = []
        for name in due:
            try:
                found += _RETAIN.commit(self.ws, partial(_prune, name=name, plan=False)).refs
            except MeguruError:  # one that can't be pruned must not keep back those behind it
                log.warning("old versions of dataset/%s were not removed", name, exc_info=True)
        return found


def expired(ws: Workspace, tx: Connection, name: str) -> list[DatasetVersion]:
    """Return the versions of the main line that a dataset's declaration does not keep, oldest first."""
    spec = specs.spec_of(tx, name)
    rule = spec.keep
    if rule == Retention() or spec.hold:
        return []
    holds = in_force(tx, ws.clock.now())
    if holds.of_thing(refs.make("dataset", name), refs.project_of(name)) or holds.of_anybody():
        return []
    now = ws.clock.now()
    asked = least(rules(tx), refs.project_of(name) or refs.DEFAULT, "datasets")
    return [version for version in unneeded(tx, name, rule, now) if now - version.created_at > asked]


def unneeded(tx: Connection, name: str, rule: Retention, now: datetime) -> list[DatasetVersion]:
    """Return the versions of the main line that a rule does not keep and nothing needs, oldest first."""
    line = of_line(tx, name, "")
    old = [
        version
        for place, version in enumerate(line)
        if place and place >= rule.last and (now - version.created_at).total_seconds() > rule.days * _DAY
    ]
    # What was used is found first, many at a time: it stays for good, and is asked of again every minute.
    used = _used(tx, name, [each.ref for each in old])
    return [each for each in reversed(old) if each.ref not in used and not needed_by(tx, each.ref)]


def _used(tx: Connection, name: str, versions: list[str]) -> set[str]:
    """Return those of some versions from which anything but a later version of the dataset was made."""
    own = refs.make("dataset", name) + "@"
    # Not LIKE: SQLite takes `Flights` for `flights` there, and they are two datasets.
    is_own = func.substr(edge.c.target, 1, len(own)) == own
    found: set[str] = set()
    for begin in range(0, len(versions), _PAGE):
        some = edge.c.source.in_(versions[begin : begin + _PAGE])
        found.update(tx.execute(select(edge.c.source).where(some, ~is_own).distinct()).scalars())
    return found


def _prune(ctx: Context, *, name: str, plan: bool) -> RemovedVersions:
    # Held before it is looked: what a write refers to just now is not removed beneath it.
    store.lock(ctx.tx, name, ctx.now())
    versions = expired(ctx.ws, ctx.tx, name)
    if versions and not plan:
        remove_versions(ctx, versions, reason="the declaration keeps no more")
    return RemovedVersions(
        refs=[version.ref for version in versions], bytes=sum(version.bytes for version in versions)
    )
