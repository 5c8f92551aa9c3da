"""SQL of cells, on an open transaction."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import Connection, Row, delete, func, select, update

from meguru.monitoring.cells import truth
from meguru.monitoring.cells.rules import CountedBy
from meguru.monitoring.cells.schema import monitor_cell, monitor_counting
from meguru.monitoring.cells.types import COLUMNS, SKETCHES, Cell, CellKey
from meguru.predictions.spans import CountedRows
from meguru.stats.sketches import can_sketch, read_sketch, write_sketch
from meguru.storage.db.upsert import insert_into

_C, _N = monitor_cell.c, monitor_counting.c
_ROWS_PER_QUERY, _ROWS_PER_FETCH = 400, 100
_WIDTHS = [np.dtype(each) for each in ("<u1", "<u2", "<u4", "<i8")]


def turn(tx: Connection, endpoint: str) -> tuple[int, CountedBy | None]:
    """Return how often an endpoint was counted, and by what; 0 and None if it never was."""
    row = tx.execute(select(_N.turn, _N.rules).where(_N.endpoint == endpoint)).first()
    return (0, None) if row is None else (row.turn, msgspec.convert(row.rules, CountedBy))


def take_turn(tx: Connection, endpoint: str, seen: int, rules: CountedBy) -> bool:
    """Go on to the next turn; False when somebody else did since it was seen."""
    values = {"turn": seen + 1, "rules": msgspec.to_builtins(rules)}
    if seen:
        mine = update(monitor_counting).where(_N.endpoint == endpoint, _N.turn == seen)
        return tx.execute(mine.values(values)).rowcount == 1
    # The first turn: of two who both saw no row one inserts it, and the other is told that it is too late.
    statement = insert_into(monitor_counting, tx.dialect.name).values(endpoint=endpoint, **values)
    return tx.execute(statement.on_conflict_do_nothing()).rowcount == 1


def set_rules(tx: Connection, endpoint: str, rules: CountedBy) -> None:
    """Write by what an endpoint is counted, in the turn that was taken."""
    values = {"rules": msgspec.to_builtins(rules)}
    tx.execute(update(monitor_counting).where(_N.endpoint == endpoint).values(values))


def clear(tx: Connection, endpoint: str) -> None:
    """Remove all cells of an endpoint."""
    tx.execute(delete(monitor_cell).where(_C.endpoint == endpoint))


def counted_within(tx: Connection, endpoint: str, first: datetime, last: datetime) -> CountedRows:
    """Return how many rows and outcomes the cells of some hours have, from `first` to before `last`."""
    sums = (func.coalesce(func.sum(each), 0) for each in (_C.rows, _C.outcomes))
    query = select(*sums).where(*_hours(endpoint, first, last), _C.part == COLUMNS)
    return CountedRows(*map(int, tx.execute(query).one()))


def rows_by_hour(tx: Connection, endpoint: str, start: datetime, end: datetime) -> dict[datetime, int]:
    """Return how many rows the cells of each hour of a span have."""
    query = select(_C.hour, func.sum(_C.rows)).where(*_hours(endpoint, start, end), _C.part == COLUMNS)
    return {hour: int(rows) for hour, rows in tx.execute(query.group_by(_C.hour).order_by(_C.hour)) if rows}


def within(
    tx: Connection, endpoint: str, first: datetime, last: datetime, parts: Sequence[str] = ()
) -> Iterator[tuple[CellKey, Cell]]:
    """Give the cells of some hours, from `first` to before `last`: all, or some parts."""
    query = select(monitor_cell).where(*_hours(endpoint, first, last)).order_by(_C.hour)
    if parts:
        query = query.where(_C.part.in_(parts))
    for row in tx.execute(query, execution_options={"yield_per": _ROWS_PER_FETCH}):
        yield _read(row)


def at(tx: Connection, endpoint: str, keys: Iterable[CellKey]) -> dict[CellKey, Cell]:
    """Return those of some cells that are there."""
    wanted = set(keys)
    hours = sorted({each.hour for each in wanted})
    found: dict[CellKey, Cell] = {}
    # By hour, as the primary key begins with endpoint and hour; parts that are not wanted are few.
    for begin in range(0, len(hours), _ROWS_PER_QUERY):
        here = (_C.endpoint == endpoint) & _C.hour.in_(hours[begin : begin + _ROWS_PER_QUERY])
        for row in tx.execute(select(monitor_cell).where(here)):
            if (key := CellKey(row.model_ref, row.hour, row.part)) in wanted:
                found[key] = _read(row)[1]
    return found


def keys(tx: Connection, endpoint: str, hours: Iterable[datetime]) -> set[CellKey]:
    """Return which cells some hours have."""
    wanted, found = sorted(hours), set()
    for begin in range(0, len(wanted), _ROWS_PER_QUERY):
        here = (_C.endpoint == endpoint) & _C.hour.in_(wanted[begin : begin + _ROWS_PER_QUERY])
        found |= {CellKey(*row) for row in tx.execute(select(_C.model_ref, _C.hour, _C.part).where(here))}
    return found


def write(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write cells as `row_of` made them, over those that are there."""
    for begin in range(0, len(rows), _ROWS_PER_QUERY):
        tx.execute(_upsert(tx.dialect.name), rows[begin : begin + _ROWS_PER_QUERY])


def row_of(endpoint: str, key: CellKey, cell: Cell) -> dict[str, Any]:
    """Return a cell as it is written."""
    return {
        "endpoint": endpoint,
        "hour": key.hour,
        "part": key.part,
        "model_ref": key.model,
        "rows": cell.rows,
        "outcomes": cell.outcomes,
        "first_time": cell.first,
        "last_time": cell.last,
        "checksum": f"{cell.checksum:016x}",
        "bins": cell.bins,
        "body": _body(key.part, cell),
    }


@cache
def _upsert(dialect: str) -> Any:
    statement = insert_into(monitor_cell, dialect)
    key = [each.name for each in monitor_cell.primary_key]
    new = {each.name: statement.excluded[each.name] for each in monitor_cell.c if each.name not in key}
    return statement.on_conflict_do_update(index_elements=key, set_=new)


def _hours(endpoint: str, first: datetime, last: datetime) -> tuple[Any, ...]:
    return _C.endpoint == endpoint, _C.hour >= first, _C.hour < last


def _read(row: Row[Any]) -> tuple[CellKey, Cell]:
    cell = Cell(
        rows=row.rows,
        outcomes=row.outcomes,
        first=row.first_time,
        last=row.last_time,
        checksum=int(row.checksum, 16),
        bins=row.bins,
        **_content(row.part, row.body),
    )
    return CellKey(row.model_ref, row.hour, row.part), cell


def _body(part: str, cell: Cell) -> bytes:
    if part == COLUMNS:
        return _packed(cell.counts)
    if part == SKETCHES:
        named = {name: write_sketch(each) for name, each in cell.sketches.items()}
        return zlib.compress(msgspec.msgpack.encode(named), 1)
    return truth.write(cell.truth)


def _content(part: str, body: bytes) -> dict[str, Any]:
    if part == COLUMNS:
        return {"counts": _unpacked(body)}
    if part != SKETCHES:
        return {"truth": truth.read(body)}
    # Another server may have what is needed to write them, and this one not.
    named = msgspec.msgpack.decode(zlib.decompress(body)) if can_sketch() else {}
    return {"sketches": {name: read_sketch(each) for name, each in named.items()}}


def _packed(counts: Any) -> bytes:
    """Write counts: as narrow as the greatest allows, and what is the same over and over only once."""
    most, least = int(counts.max(initial=0)), int(counts.min(initial=0))
    fitting = [n for n, kind in enumerate(_WIDTHS) if most <= np.iinfo(kind).max and least >= 0]
    width = fitting[0] if fitting else len(_WIDTHS) - 1
    return bytes([width]) + zlib.compress(counts.astype(_WIDTHS[width]).tobytes(), 1)


def _unpacked(body: bytes) -> Any:
    return np.frombuffer(zlib.decompress(body[1:]), _WIDTHS[body[0]])
