"""Add what is recorded to the cells: in order, a portion at a time, each request and each change once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection

from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.workspace import Workspace
from meguru.monitoring import store as monitors
from meguru.monitoring.cells import record, store
from meguru.monitoring.cells.aggregate import Cells, aggregate_changes, aggregate_rows
from meguru.monitoring.cells.rules import MAX_SLICE_VALUES, CountedBy, CountingRules, ModelBins, counted_by
from meguru.monitoring.cells.types import COLUMNS, SLICED, add_cell, others_key
from meguru.monitoring.kind import MONITOR
from meguru.predictions import aggregation_queue
from meguru.predictions.aggregation_queue import OutcomeChange

_MAX_BATCHES = 20_000
"""So many requests are in a portion at most."""
_COUNT = InternalOperation(MONITOR, "count", alone=False)


@dataclass(frozen=True, kw_only=True)
class _Step:
    """What one commit does."""

    turn: int
    rules: CountedBy
    recount: bool = False
    batches: Sequence[str] = ()
    changes: Sequence[int] = ()
    cells: Sequence[dict[str, Any]] = ()


def count(ws: Workspace, endpoint: str, known: dict[str, ModelBins] | None = None) -> bool:
    """Count one portion of what an endpoint recorded; False when there is nothing left, or somebody else did.

    What is `known` of models is kept there for the next portion. All is computed beforehand, and written in
    one short transaction. Of two servers that count the same, the one that comes second writes nothing.
    """
    # Optimistic concurrency instead of a lock: decoding rows takes long, and predictions are recorded
    # meanwhile. The turn that was read is compared and advanced by the write.
    with ws.read() as tx:
        step = _next(ws, tx, endpoint, {} if known is None else known)
    return step is not None and bool(_COUNT.commit(ws, lambda ctx: _write(ctx, endpoint, step)))


def recount(ws: Workspace, endpoint: str) -> None:
    """Have everything of an endpoint counted again; until that is done, windows are read from the record."""
    _COUNT.commit(ws, lambda ctx: aggregation_queue.request_recount(ctx.tx, endpoint))


def drop_backlog(ws: Workspace, endpoint: str) -> None:
    """Let a long list go that nobody counts: of an endpoint that no monitor watches."""

    def write(ctx: Context) -> bool:
        turn, by = store.turn(ctx.tx, endpoint)
        by = replace(by or CountedBy(), lined_up="")
        if monitors.all_monitors(ctx.tx, endpoint) or not store.take_turn(ctx.tx, endpoint, turn, by):
            return False
        store.clear(ctx.tx, endpoint)
        return aggregation_queue.discard(ctx.tx, endpoint)

    while _COUNT.commit(ws, write):
        continue


def _next(ws: Workspace, tx: Connection, endpoint: str, known: dict[str, ModelBins]) -> _Step | None:
    turn, before = store.turn(tx, endpoint)
    wanted = counted_by(monitors.all_monitors(tx, endpoint))
    if aggregation_queue.needs_recount(tx, endpoint):
        # Cells went with the first portion, and none are written until the last: what is asked for may have
        # changed meanwhile, and who was erased is not read before.
        return _Step(
            turn=turn, rules=replace(wanted, lined_up=before.lined_up if before else ""), recount=True
        )
    # A monitor that asks for more slices or metrics than were counted: cells can't be extended, only rebuilt.
    if before is not None and not before.covers(wanted):
        return _Step(turn=turn, rules=wanted, recount=True)
    by = before or wanted
    rules = CountingRules(tx, ws.blobs, by, known)
    changes, all_changes = _changes(tx, endpoint)
    # With a change unread, nobody knows whether a request was counted with it or before it.
    ids = aggregation_queue.batches(tx, endpoint, _MAX_BATCHES) if all_changes else []
    there = record.sizes(tx, ids)
    mine = record.limit_hours(tx, next(record.chunked(there), []))
    # Put in line by who looked while they were removed for their age; nothing else takes them out.
    removed = set(ids).difference(each.id for each in there)
    found = _changed(tx, endpoint, rules, [change for _, some in changes for change in some])
    if mine:
        for key, cell in aggregate_rows(rules, record.read_chunk(tx, mine)).items():
            add_cell(found, key, cell)
    if not mine and not changes and not removed:
        return None
    rows = _summed(tx, endpoint, rules, found)
    if rows is None:
        return _Step(turn=turn, rules=wanted, recount=True)
    gone = [number for number, _ in changes]
    return _Step(turn=turn, rules=by, batches=[*mine, *sorted(removed)], changes=gone, cells=rows)


def _changes(tx: Connection, endpoint: str) -> tuple[list[tuple[int, list[OutcomeChange]]], bool]:
    """Return the first changes that are not counted, and whether these are all."""
    found: list[tuple[int, list[OutcomeChange]]] = []
    count = 0
    for number, n, changes in aggregation_queue.outcomes(tx, endpoint):
        if found and count + n > record.CHUNK_ROWS:
            return found, False
        found.append((number, aggregation_queue.unpack(changes)))
        count += n
    return found, True


def _changed(tx: Connection, endpoint: str, rules: CountingRules, changes: Iterable[OutcomeChange]) -> Cells:
    """Count changes of outcomes, but for those of requests that are not counted themselves."""
    found: Cells = {}
    by_batch: dict[str, list[OutcomeChange]] = {}
    for each in changes:
        by_batch.setdefault(each.batch_id, []).append(each)
    # A request that is not counted yet will be with the outcomes it has then, this change among them.
    later = aggregation_queue.queued_among(tx, endpoint, list(by_batch))
    there = record.sizes(tx, [each for each in by_batch if each not in later])
    for ids in record.chunked(there):
        told = [change for each in ids for change in by_batch[each]]
        for key, cell in aggregate_changes(rules, record.load(tx, ids), told).items():
            add_cell(found, key, cell)
    return found


def _summed(tx: Connection, endpoint: str, rules: CountingRules, new: Cells) -> list[dict[str, Any]] | None:
    """Return the cells that come of adding some; None when those that are there have other bins."""
    new = _limit_slice_values(tx, endpoint, new)
    known = store.at(tx, endpoint, new)
    for key, cell in known.items():
        if key.part == COLUMNS and cell.bins and cell.bins != rules.layout(key.model).digest:
            return None
    return [
        store.row_of(endpoint, key, known[key] + cell if key in known else cell) for key, cell in new.items()
    ]


def _limit_slice_values(tx: Connection, endpoint: str, new: Cells) -> Cells:
    """Have values of a column beyond so many of an hour counted together with its others, also in portions.

    A value that has a cell by now keeps it.
    """
    there = store.keys(tx, endpoint, {key.hour for key in new if SLICED in key.part})
    taken = Counter(others_key(key) for key in there if key != others_key(key))
    found: Cells = {}
    for key, cell in new.items():
        others = others_key(key)
        if others not in {None, key} and key not in there:
            taken[others] += 1
        is_beyond = others is not None and key not in there and taken[others] > MAX_SLICE_VALUES
        add_cell(found, others if is_beyond and others else key, cell)
    return found


def _write(ctx: Context, endpoint: str, step: _Step) -> bool:
    if not store.take_turn(ctx.tx, endpoint, step.turn, step.rules):
        return False
    if step.recount:
        _line_up(ctx.tx, endpoint, step.rules)
        return True
    aggregation_queue.remove(ctx.tx, endpoint, step.batches, step.changes)
    store.write(ctx.tx, step.cells)
    return True


def _line_up(tx: Connection, endpoint: str, rules: CountedBy) -> None:
    """Put a portion of an endpoint's requests in line to be counted anew, the first time without its cells.

    How far that came is written in the same transaction: whoever goes on after one that was killed does so
    from there.
    """
    if not rules.lined_up:
        store.clear(tx, endpoint)
    upto = aggregation_queue.line_up(tx, endpoint, rules.lined_up)
    store.set_rules(tx, endpoint, replace(rules, lined_up=upto))
