"""Push rows to a view."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec
import polars as pl

from meguru.base import refs
from meguru.datasets.spec import spec_of
from meguru.errors import InvalidInput
from meguru.features import derived
from meguru.features import store as views
from meguru.features.materialization import store as materialized
from meguru.features.materialization.job import micros, spelled, stored_name
from meguru.features.materialization.newest import usual_types
from meguru.features.materialization.types import OnlineState
from meguru.features.materialization.write import layouts_of
from meguru.features.offline import compute
from meguru.features.offline.times import as_moments
from meguru.features.online.base import OnlineRow, RowColumns
from meguru.features.online.keys import KeyLayout
from meguru.features.online.layout import Layout
from meguru.features.online.stores import online_of
from meguru.features.push import store
from meguru.features.push.frames import as_parquet, frame_of
from meguru.features.types import FeatureViewVersion, PinnedView
from meguru.kernel.operations import Context, operation

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PushTo = Literal["online", "offline", "online_and_offline"]
MAX_CLOCK_SKEW = 60_000_000
"""Microseconds by which a sender's clock may be ahead of ours: what holds later still is not brought
online."""


class Pushed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of pushed rows.

    Attributes
    ----------
    view
        The version that took them.
    rows, online
        How many there were, and how many are what is read now: the others are older than what was there, or
        hold only later.
    number
        Of the frame, in the order in which they came; 0 when it is not kept offline.
    """

    view: str
    rows: int
    online: int
    number: int = 0


@operation("feature_view.push", permission="feature_view:push", on="view", refers={"view": "feature_view"})
def push(
    ctx: Context,
    *,
    view: str,
    columns: dict[str, list[Any]],
    to: PushTo = "online_and_offline",
) -> Pushed:
    """Push rows to a view, a list of values for each column: keys, time and features.

    They are read online as soon as this returns, and are in a version of the view's source soon after: what a
    view's code or query makes of them is read then. Rows may be sent again, and in any order: of each entity
    the newest counts.

    Raises
    ------
    InvalidInput
        If the view takes no pushed rows, a column is missing, or a value is not of its type; nothing is kept
        then.
    Busy
        If the online store is away; nothing is kept then.
    """
    version = views.view(ctx.tx, view, ctx.readable)
    definition, name = version.definition, version.name
    if definition.form == "on_demand" or (to != "online" and not definition.push):
        hint = "push = true, in its declaration"
        raise InvalidInput(f"{version.ref} takes no pushed rows", field="view", hint=hint)
    reason = _reason_not_online(ctx, version)
    if reason and to == "online":
        hint = "push them to online_and_offline"
        raise InvalidInput(f"{version.ref} takes no rows online", field="to", why=reason, hint=hint)
    state = materialized.online(ctx.tx, name, version.version)
    types = _types(ctx, version, state)
    frame = frame_of(columns, definition, types, what=version.ref, now=ctx.now())
    # Numbered over all versions of a view: their rows go to one source, and are folded in this order.
    counted = [online_state.pushed for online_state in materialized.all_online(ctx.tx, name).values()]
    number, online = 1 + max(store.last_number(ctx.tx, name), *counted, 0), 0
    # The store is written before this transaction commits. If that fails, rows are online that nobody
    # recorded; who retries the push writes the same rows again, which changes nothing.
    if not reason:
        state, online = _write_online(ctx, version, state, frame, number, is_read=to != "offline")
    if to != "online":
        store.add(ctx.tx, name, number, ctx.now(), frame.height, as_parquet(frame))
    if state is not None:
        materialized.set_online(ctx.tx, msgspec.structs.replace(state, pushed=number, pushed_at=ctx.now()))
    ctx.emit("feature_view.pushed", version.ref, data={"rows": frame.height, "online": online, "to": to})
    kept = number if to != "online" else 0
    return Pushed(view=version.ref, rows=frame.height, online=online, number=kept)


def _reason_not_online(ctx: Context, version: FeatureViewVersion) -> str:
    """Return why pushed rows are not read at once; empty if they are.

    Code never runs here, and a query may look at many rows for one: what follows from pushed rows is online
    when they are in the source.
    """
    definition, name = version.definition, version.name
    if not views.is_kept_online(views.get(ctx.tx, "feature_view", name, ctx.readable)):
        return "the view is not declared to be online"
    if definition.code or definition.sql:
        made_by = "code" if definition.code else "query"
        return f"its values follow from its {made_by} over all rows of its source"
    for source in definition.sources.values():
        dataset = refs.parse(refs.within(refs.project_of(name), source), kind="dataset").name
        if any(column.treat for column in spec_of(ctx.tx, dataset).columns.values()):
            return f"columns of dataset/{dataset} are treated before they are written"
    return ""


def _types(ctx: Context, version: FeatureViewVersion, state: OnlineState | None) -> dict[str, str]:
    """Return the types of columns that are pushed, as far as they are known."""
    definition = version.definition
    if definition.code or definition.sql:
        return derived.types_of_sources(ctx, version.name, definition)
    return state.keys | state.features if state else dict(version.features)


def _write_online(
    ctx: Context,
    version: FeatureViewVersion,
    state: OnlineState | None,
    frame: pl.DataFrame,
    number: int,
    *,
    is_read: bool,
) -> tuple[OnlineState, int]:
    """Write rows to the online store; return what is online of the view then."""
    rows = _computed(ctx, version, frame)
    definition = version.definition
    times = pl.zeros(rows.height, pl.Int64, eager=True)  # values that always hold have no time online either
    if definition.time:
        times = as_moments(rows[definition.time], what="the view", field="time").to_physical()
    created = times
    if definition.created:
        known = as_moments(rows[definition.created], what="the view", field="created").to_physical()
        created = pl.Series(
            [max(pair) for pair in zip(times, known.fill_null(0), strict=True)], dtype=pl.Int64
        )
    features = compute.features_of(rows, definition)
    plain = usual_types(rows.select([*definition.keys, *features]))
    keys, layout = layouts_of(plain, definition.keys, set())
    if state is None:
        state = _first(version, keys, layout)
    elif (types := (spelled(keys.types), spelled(layout.types))) != (state.keys, state.features):
        changed = [f"{name}: {kind}" for name, kind in (types[0] | types[1]).items()]
        why = f"they are {', '.join(changed)[:300]}"
        raise InvalidInput(f"these are no rows of {version.ref}", field="columns", why=why)
    if not is_read:
        return state, 0
    names, packed = keys.of_frame(plain), layout.pack(plain)
    latest = micros(ctx.now()) + MAX_CLOCK_SKEW
    ready = [
        OnlineRow(key, at, since, number, values)
        for key, at, since, values in zip(names, times, created, packed, strict=True)
        if key is not None and since <= latest
    ]
    if not ready:
        return state, 0
    if definition.time:
        newest = _EPOCH + timedelta(microseconds=max(row.event for row in ready))
        state = msgspec.structs.replace(state, newest=max(newest, state.newest or newest))
    return state, online_of(ctx.ws).write(state.stored, RowColumns.of(ready))


def _computed(ctx: Context, version: FeatureViewVersion, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of the view that follow from rows of its source."""
    definition = version.definition
    pinned = PinnedView(ref=version.ref, definition=definition)
    (source,) = list(definition.sources)[:1]
    return compute.made(ctx.blobs, pinned, {source: frame}, ctx.ws.cache_folder("features"))


def _first(version: FeatureViewVersion, keys: KeyLayout, layout: Layout) -> OnlineState:
    types = spelled(keys.types), spelled(layout.types)
    return OnlineState(
        view=version.ref,
        stored=stored_name(version.ref, *types),
        keys=types[0],
        features=types[1],
    )
