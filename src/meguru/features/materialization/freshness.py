"""Freshness of what is online: lag by view, as an answer and as Prometheus gauges."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import msgspec
from prometheus_client import Gauge
from sqlalchemy import Connection

from meguru.base import refs
from meguru.features.materialization import store
from meguru.features.materialization.types import Materialization, MaterializationState, OnlineState
from meguru.features.push import store as pushed
from meguru.kernel.operations import Context, operation
from meguru.kernel.projects import in_projects

NEWEST = Gauge(
    "feature_view_newest_timestamp_seconds",
    "When the newest value that is online holds from, as Unix time; its age is time() minus this.",
    ["feature_view"],
)
BROUGHT = Gauge(
    "feature_view_online_timestamp_seconds",
    "When a version of a view was last brought up to date online, as Unix time.",
    ["feature_view"],
)
ROWS = Gauge("feature_view_online_rows", "Entities that have a row online.", ["feature_view"])


class ViewFreshness(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How fresh what is online of a version of a view is.

    Attributes
    ----------
    view
        The version.
    rows
        Entities that have a row.
    newest, lag
        When the newest value holds from, and how long ago that is, in seconds; None when values hold always.
    at, pushed_at
        When it was last brought up to date, and when rows were last pushed.
    waiting
        Pushed rows that are in no version of the source yet.
    work, state, done, total, reason
        The newest materialization, where it stands, how many rows it has dealt with, and why it failed.
    """

    view: str
    rows: int
    newest: datetime | None = None
    lag: float | None = None
    at: datetime | None = None
    pushed_at: datetime | None = None
    waiting: int = 0
    work: str = ""
    state: MaterializationState | None = None
    done: int = 0
    total: int = 0
    reason: str = ""


@operation("feature_view.freshness", permission="feature_view:read", query=True)
def freshness(ctx: Context) -> list[ViewFreshness]:
    """Tell of each version of a view that is online how fresh it is."""
    waiting = {each.name: each.rows for each in pushed.pending(ctx.tx)}
    known, work = store.all_online(ctx.tx), store.newest_of_all(ctx.tx)
    return [
        _fresh(key, known.get(key), work.get(key), waiting.get(key[0], 0), ctx.now())
        for key in sorted({*known, *work})
        if ctx.visible is None or in_projects(ctx.visible, key[0])
    ]


def _fresh(
    key: tuple[str, int],
    state: OnlineState | None,
    work: Materialization | None,
    waiting: int,
    now: datetime,
) -> ViewFreshness:
    newest = state.newest if state else None
    return ViewFreshness(
        view=refs.make("feature_view", *key),
        rows=state.rows if state else 0,
        newest=newest,
        lag=None if newest is None else (now - newest).total_seconds(),
        at=state.at if state else None,
        pushed_at=state.pushed_at if state else None,
        waiting=waiting,
        work=work.ref if work else "",
        state=work.state if work else None,
        done=work.done if work else 0,
        total=work.total if work else 0,
        reason=work.reason if work else "",
    )


class FreshnessGauges:
    """What a server's process tells Prometheus of all that is online."""

    def __init__(self) -> None:
        self._exported: set[str] = set()

    def update(self, tx: Connection) -> None:
        """Set the gauges; those of what is not online any more go."""
        states = {each.view.removeprefix("feature_view/"): each for each in store.all_online(tx).values()}
        for name in self._exported - set(states):
            for gauge in (NEWEST, BROUGHT, ROWS):
                with suppress(KeyError):  # what always holds has no time
                    gauge.remove(name)
        for name, state in states.items():
            ROWS.labels(name).set(state.rows)
            if state.newest is not None:
                NEWEST.labels(name).set(state.newest.timestamp())
            if state.at is not None:
                BROUGHT.labels(name).set(state.at.timestamp())
        self._exported = set(states)
