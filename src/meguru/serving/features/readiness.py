"""Whether the views of a model can be read online, and are about as new as their sources."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from meguru.base import refs
from meguru.datasets import store as datasets
from meguru.errors import NotFound
from meguru.features.materialization import store as online
from meguru.features.materialization.types import OnlineState
from meguru.features.online.resolve import is_ready
from meguru.serving.features.plan import FeaturePlan, PlannedView

BEHIND = timedelta(days=1)
"""How long what is online may be behind its sources, of a view whose values hold for ever."""


def not_online(tx: Connection, plan: FeaturePlan, now: datetime) -> list[str]:
    """Return why views could not give their values now, each with the way out; empty when all can."""
    found = []
    for view in plan.views:
        if view.on_demand:
            continue
        parsed = refs.parse(view.ref, kind="feature_view")
        state = online.online(tx, parsed.name, int(str(parsed.version)))
        why = _lacking(tx, view, state, now)
        if why:
            mend = f"meguru features materialize {view.ref.removeprefix('feature_view/')}"
            found.append(f"{view.ref} {why}; {mend}")
    return found


def _lacking(tx: Connection, view: PlannedView, state: OnlineState | None, now: datetime) -> str:
    if state is None or not is_ready(state):
        return "was never brought online"
    if state.at is None:
        return ""  # its rows are pushed
    most = BEHIND if view.definition.ttl is None else timedelta(seconds=view.definition.ttl)
    for name, source in view.definition.sources.items():
        full = refs.within(refs.project_of(refs.parse(view.ref).name), source)
        try:
            newest = datasets.resolve(tx, full)
        except NotFound:
            continue
        there = state.datasets.get(name)
        if there is not None and there.digest == newest.digest:
            continue
        after = int(str(refs.parse(there.ref).version)) if there else 0
        # Counted from the first version that is not online, not from the newest: a source that changes every
        # minute would never look old.
        missed = datasets.first_after(tx, newest.name, after) or newest
        if now - missed.created_at > most:
            return f"is behind {missed.ref}, which is there since {missed.created_at:%Y-%m-%d %H:%M} UTC"
    return ""
