"""Erase a person from features: online rows, what they follow from, pushed rows, profiles and the cache."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import polars as pl
from sqlalchemy import delete, select

from meguru.artifacts.erasure import ErasedThing, ErasureSubject
from meguru.artifacts.erasure.blob_deletions import schedule_blob_deletion
from meguru.base import refs
from meguru.errors import Conflict
from meguru.features import dtypes
from meguru.features import store as views
from meguru.features.materialization import store as materialized
from meguru.features.materialization.newest import as_parquet, read_parquet
from meguru.features.materialization.types import FINAL, Materialization, OnlineState
from meguru.features.offline import cache
from meguru.features.online.base import TOMBSTONE, OnlineRow, Retraction, RowColumns
from meguru.features.online.stores import online_of
from meguru.features.push import store as pushed
from meguru.features.schema import feature_profile
from meguru.kernel.operations import Context

_ROW = "\0row"


def erase(ctx: Context, subject: ErasureSubject, dry_run: bool) -> list[ErasedThing]:  # noqa: FBT001
    """Erase a person from all that is kept of views; what is kept for training is computed anew.

    Raises
    ------
    Conflict
        If rows that may have the person are being brought online.
    """
    # From what is made to what it is made from, so that nothing that runs meanwhile brings a row back:
    # targets of work and pushed rows first, the store and the cache of computed rows last.
    return [
        *_materialized(ctx, subject, dry_run=dry_run),
        *_pushed(ctx, subject, dry_run=dry_run),
        *_profiles(ctx, subject, dry_run=dry_run),
        *_online(ctx, subject, dry_run=dry_run),
        *_cached(ctx, subject, dry_run=dry_run),
    ]


def _materialized(ctx: Context, subject: ErasureSubject, *, dry_run: bool) -> Iterator[ErasedThing]:
    """Erase them from the rows that online ones were brought from, or were to be."""
    for work, target in materialized.targets(ctx.tx):
        count = _count(ctx, target, subject)
        if count:
            yield ErasedThing(ref=work.view, what="rows to bring online", rows=count)
        if dry_run:
            continue
        if work.state not in FINAL:
            _check_not_about(ctx, work, subject, count)
        elif count:
            materialized.change(ctx.tx, work.id, target="")
            schedule_blob_deletion(ctx.tx, [target])
    for state in materialized.all_online(ctx.tx).values():
        if not (count := _count(ctx, state.newest_rows, subject)):
            continue
        yield ErasedThing(ref=state.view, what="rows that are online", rows=count)
        if not dry_run:
            rows = read_parquet(ctx.blobs.get_bytes(state.newest_rows))
            left = rows.filter(~subject.rows(rows.schema))
            digest = ctx.blobs.put_bytes(as_parquet(left))
            changed = msgspec.structs.replace(state, newest_rows=digest, rows=left.height)
            materialized.set_online(ctx.tx, changed)
            schedule_blob_deletion(ctx.tx, [state.newest_rows])


def _check_not_about(ctx: Context, work: Materialization, subject: ErasureSubject, count: int) -> None:
    """Refuse to erase what work that is under way may have read already: it would bring it online again."""
    view = views.view(ctx.tx, work.view)
    state = materialized.online(ctx.tx, view.name, view.version)
    found = (*state.keys, *state.features) if state else ()
    if count or subject.is_in({*view.definition.keys, *view.definition.features, *found}):
        hint = "wait until it is over, or cancel it, and ask again"
        raise Conflict(f"{work.view} is being brought online", where=work.ref, hint=hint)


def _count(ctx: Context, digest: str, subject: ErasureSubject) -> int:
    if not digest or not ctx.blobs.has(digest):
        return 0
    return subject.count(pl.scan_parquet(ctx.blobs.path(digest), glob=False))


def _pushed(ctx: Context, subject: ErasureSubject, *, dry_run: bool) -> Iterator[ErasedThing]:
    """Erase them from rows that wait for a version of the source."""
    for waiting in pushed.pending(ctx.tx):
        count = 0
        for number, content in pushed.frames(ctx.tx, waiting.name, waiting.frames):
            rows = read_parquet(content)
            left = rows.filter(~subject.rows(rows.schema))
            count += rows.height - left.height
            if not dry_run and left.height < rows.height:
                pushed.replace(ctx.tx, waiting.name, number, left.height, as_parquet(left))
        if count:
            yield ErasedThing(ref=refs.make("feature_view", waiting.name), what="pushed rows", rows=count)


def _profiles(ctx: Context, subject: ErasureSubject, *, dry_run: bool) -> Iterator[ErasedThing]:
    """Forget what rows look like where the person is one of the most frequent values."""
    mine = feature_profile.c
    for row in ctx.tx.execute(select(mine.name, mine.version, mine.rows_digest, mine.profile)).all():
        if not ctx.blobs.has(row.profile):
            continue
        columns = msgspec.json.decode(ctx.blobs.get_bytes(row.profile)).get("columns", {})
        if not any(
            subject.is_value(name, value)
            for name in subject.columns
            for value, _ in columns.get(name, {}).get("top", ())
        ):
            continue
        yield ErasedThing(ref=refs.make("feature_view", row.name, row.version), what="profiles", rows=1)
        if not dry_run:
            here = (mine.name == row.name) & (mine.version == row.version)
            ctx.tx.execute(delete(feature_profile).where(here, mine.rows_digest == row.rows_digest))
            schedule_blob_deletion(ctx.tx, [row.profile])


def _cached(ctx: Context, subject: ErasureSubject, *, dry_run: bool) -> Iterator[ErasedThing]:
    """Free all rows that were computed and kept here, if any are the person's."""
    folder = ctx.ws.cache_folder(cache.NAME)
    count = 0
    for column in sorted(subject.columns):
        count += sum(subject.of(column).count(table) for table in cache.tables(folder, column))
    if count:
        yield ErasedThing(ref=refs.make("cache", cache.NAME), what="rows kept for training", rows=count)
        if not dry_run:
            cache.forget(folder)


def _online(ctx: Context, subject: ErasureSubject, *, dry_run: bool) -> Iterator[ErasedThing]:
    """Retract them from the online store, with what says that there is nothing any more."""
    online = online_of(ctx.ws)
    states = {state.stored: state for state in materialized.all_online(ctx.tx).values()}
    for stored in online.views():
        state = states.get(stored)
        theirs = {row.key: row for page in online.scan(stored) for row in _theirs(page, state, subject)}
        if not theirs:
            continue
        ref = state.view if state else f"feature_view/{stored.partition('#')[0]}"
        yield ErasedThing(ref=ref, what="online features", rows=len(theirs))
        if not dry_run:
            gone = [Retraction(row.key, row.event, row.created, row.packed) for row in theirs.values()]
            online.write(stored, RowColumns.of([]), gone)


def _theirs(
    page: Sequence[OnlineRow], state: OnlineState | None, subject: ErasureSubject
) -> Sequence[OnlineRow]:
    """Return the rows of a person: by the column of the key or of a feature, as in the data.

    Of a view that is not known any more nobody reads the rows, nor knows the columns: any value may be it.
    """
    decode = msgspec.msgpack.decode
    if state is None:
        return [row for row in page if any(str(each) in subject.values for each in decode(row.key))]
    onlines = {row.key: row for row in _where(page, [decode(row.key) for row in page], state.keys, subject)}
    there = [row for row in page if row.packed != TOMBSTONE]
    values = [decode(row.packed) for row in there] if subject.is_in(state.features) else []
    onlines |= {row.key: row for row in _where(there, values, state.features, subject)}
    return list(onlines.values())


def _where(
    rows: Sequence[OnlineRow], values: Sequence[Any], types: Mapping[str, str], subject: ErasureSubject
) -> Sequence[OnlineRow]:
    """Return the rows whose values, in the order of `types`, are the person's."""
    columns = {
        name: pl.Series(name, [each[at] for each in values], strict=False).cast(
            dtypes.polars_type(types[name])
        )
        for at, name in enumerate(types)
        if name in subject.columns
    }
    if not columns or not values:
        return ()
    table = pl.DataFrame(list(columns.values())).with_row_index(_ROW)
    return [rows[number] for number in table.filter(subject.rows(table.schema))[_ROW]]
