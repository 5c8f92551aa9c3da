"""SQL of outcomes, on an open transaction: one counts for each prediction, and every other one is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, TypeAlias

import msgspec
from sqlalchemy import (
    Connection,
    Row,
    Table,
    TextualSelect,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    tuple_,
    update,
)

from meguru.predictions import aggregation_queue, counts, outcome_days, outcome_delays
from meguru.predictions.aggregation_queue import OutcomeChange
from meguru.predictions.schema import earlier_outcome, outcome, prediction_batch
from meguru.predictions.store import chunks, within
from meguru.predictions.types import Outcome, OutcomeValue

RowId: TypeAlias = tuple[str, int]
"""A prediction: its batch and its row."""
_MAX_PARAMETERS, _MAX_PAIRS = 900, 300
_COLUMNS = [outcome.c[name] for name in ("value", "json", "at", "recorded_at", "recorded_by")]
_UPDATE = (
    update(outcome)
    .where(outcome.c.batch_id == bindparam("batch"), outcome.c.row == bindparam("of_row"))
    .values({column: bindparam(f"new_{column.name}") for column in _COLUMNS})
)


class Recorded(NamedTuple):
    """Of the outcomes that were given: how many are new, say otherwise than before, and say it again."""

    new: int
    corrected: int
    repeated: int


NONE = Recorded(0, 0, 0)
JUDGED = "feedback/"
"""What was concluded from feedback is recorded by ``feedback/WHO``: it never counts beside the truth."""


class _Incoming(msgspec.Struct):
    """Outcomes on their way in: what counts by place, what of it is written how, and what else is kept.

    `before` is what counted of those that are `changed`.
    """

    current: dict[RowId, dict[str, Any]]
    new: dict[RowId, dict[str, Any]] = {}
    changed: dict[RowId, dict[str, Any]] = {}
    before: dict[RowId, dict[str, Any]] = {}
    earlier: list[dict[str, Any]] = []
    corrected: int = 0
    repeated: int = 0


def row_of(place: RowId, value: OutcomeValue, at: datetime, recorded_at: datetime, by: str) -> dict[str, Any]:
    """Return an outcome as it is written."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {
        "batch_id": place[0],
        "row": place[1],
        "value": float(value) if is_number else None,  # type: ignore[arg-type]
        "json": None if is_number else msgspec.json.encode(value).decode(),
        "at": at,
        "recorded_at": recorded_at,
        "recorded_by": by,
    }


def record(tx: Connection, endpoint: str, given: Sequence[dict[str, Any]]) -> Recorded:
    """Write outcomes of an endpoint: of several for one prediction, the one counts that became known last.

    What was known before, or became known before what is known, is kept beside it. One with the time of its
    receipt (`at` is `recorded_at`) that says what is known already is no news.
    """
    places = dict.fromkeys((row["batch_id"], row["row"]) for row in given)
    # Before what is known is read: two that record outcomes of one prediction would both find none, and
    # insert.
    _lock_batches(tx, sorted({batch_id for batch_id, _ in places}))
    incoming = _Incoming(current=_current(tx, places))
    older = [row for row in given if not _apply(incoming, row)]
    if older:
        _keep_older(tx, incoming, older)
    for table, rows in ((outcome, list(incoming.new.values())), (earlier_outcome, incoming.earlier)):
        if rows:
            tx.execute(insert(table), _without_json(rows))
    if incoming.changed:
        tx.execute(_UPDATE, [_update_parameters(row) for row in incoming.changed.values()])
    if news := [*incoming.new.values(), *incoming.changed.values(), *incoming.earlier]:
        span = _count(tx, endpoint, len(incoming.new), news)
        outcome_days.add(tx, endpoint, [batch_id for batch_id, _ in (*incoming.new, *incoming.changed)])
        outcome_delays.add(tx, endpoint, incoming.new.values())
        aggregation_queue.add_outcomes(tx, endpoint, span, _changes(incoming))
    return Recorded(len(incoming.new), incoming.corrected, incoming.repeated)


def _changes(incoming: _Incoming) -> list[tuple[str, int, float | str | None, float | str | None]]:
    """Return what counts now and did not before; plain tuples, as there are many."""
    new: list[tuple[str, int, float | str | None, float | str | None]] = [
        (batch_id, row, None, given["value"] if given.get("json") is None else given["json"])
        for (batch_id, row), given in incoming.new.items()
    ]
    for place, given in incoming.changed.items():
        before, now = _as_stored(incoming.before[place]), _as_stored(given)
        if before != now:
            new.append((*place, before, now))
    return new


def _as_stored(row: Mapping[str, Any]) -> float | str:
    text = row.get("json")
    return float(row["value"]) if text is None else str(text)


def _count(
    tx: Connection, endpoint: str, new: int, news: Sequence[dict[str, Any]]
) -> tuple[datetime, datetime]:
    """Count what was written, with the span of event time that it is of, which is returned."""
    at = max(row["recorded_at"] for row in news)
    # One without a time of its own has that of its receipt, which says nothing of how far the world is.
    said = [row["at"] for row in news if row["recorded_at"] > row["at"]]
    spans = []
    for some in chunks(dict.fromkeys(row["batch_id"] for row in news), _MAX_PARAMETERS):
        table = prediction_batch.c
        query = select(func.min(table.first_time).label("first"), func.max(table.last_time).label("last"))
        spans.append(tx.execute(query.where(table.id.in_(some))).one())
    span = min(each.first for each in spans), max(each.last for each in spans)
    counts.add_outcomes(tx, endpoint, new, at=at, span=span, known_until=max(said, default=None))
    return span


def withdraw(tx: Connection, endpoint: str, places: Sequence[RowId]) -> int:
    """Have predictions no outcome any more; what it was is kept beside it. Return how many had one."""
    _lock_batches(tx, sorted({batch_id for batch_id, _ in places}))
    known = list(_rows(tx, outcome, dict.fromkeys(places)))
    for some in chunks(known, _MAX_PAIRS):
        mine = tuple_(outcome.c.batch_id, outcome.c.row)
        tx.execute(delete(outcome).where(mine.in_([(row["batch_id"], row["row"]) for row in some])))
    if known:
        tx.execute(insert(earlier_outcome), [_outcome_columns(row) for row in known])
        span = _count(tx, endpoint, -len(known), known)
        gone = [OutcomeChange(row["batch_id"], row["row"], _as_stored(row), None) for row in known]
        aggregation_queue.add_outcomes(tx, endpoint, span, gone)
        outcome_days.add(tx, endpoint, [row["batch_id"] for row in known])
    return len(known)


def forget_judge(tx: Connection, judge: str) -> None:
    """Take out who judged, of outcomes that feedback was taken for."""
    for table in (outcome, earlier_outcome):
        theirs = table.c.recorded_by == f"{JUDGED}{judge}"[:200]
        tx.execute(update(table).where(theirs).values(recorded_by=JUDGED))


def current(tx: Connection, places: Iterable[RowId]) -> dict[RowId, dict[str, Any]]:
    """Return what counts as the outcome of some predictions, as it is written."""
    return _current(tx, places)


def of_many(
    tx: Connection, places: Sequence[RowId]
) -> tuple[dict[RowId, Outcome], dict[RowId, list[Outcome]]]:
    """Return by prediction its outcome, and every other that was ever recorded for it, newest first."""
    counting = {place: _outcome(row) for place, row in _current(tx, places).items()}
    earlier: dict[RowId, list[Outcome]] = {}
    found = sorted(_rows(tx, earlier_outcome, places), key=lambda row: (row["at"], row["id"]), reverse=True)
    for row in found:
        earlier.setdefault((row["batch_id"], row["row"]), []).append(_outcome(row))
    return counting, earlier


def outcomes_within(tx: Connection, endpoint: str, start: datetime, end: datetime) -> list[Row[Any]]:
    """Return batch id, row, value and json of the outcomes of batches that may have event times in a span."""
    query = (
        select(outcome.c.batch_id, outcome.c.row, outcome.c.value, outcome.c.json)
        .join(prediction_batch, prediction_batch.c.id == outcome.c.batch_id)
        .where(*within(endpoint, start, end))
    )
    return list(tx.execute(query))


def of_batches(tx: Connection, batch_ids: Sequence[str]) -> list[Row[Any]]:
    """Return batch id, row, value and json of the outcomes of some requests."""
    table = outcome.c
    found: list[Row[Any]] = []
    for some in chunks(batch_ids, _MAX_PARAMETERS):
        query = select(table.batch_id, table.row, table.value, table.json)
        found += tx.execute(query.where(table.batch_id.in_(some)))
    return found


def every(tx: Connection, batch_id: str, step: int, first: int) -> list[Row[Any]]:
    """Return the outcomes of every so many-th row of a request, from the `first` on; as `of_batches` does."""
    table = outcome.c
    query = select(table.batch_id, table.row, table.value, table.json)
    return list(tx.execute(query.where(table.batch_id == batch_id, table.row % step == first)))


def read(row: Any) -> OutcomeValue:
    """Return the value that a row holds."""
    value: OutcomeValue = row.value if row.json is None else msgspec.json.decode(row.json)
    return value


def _outcome(row: Mapping[str, Any]) -> Outcome:
    value = row["value"] if row["json"] is None else msgspec.json.decode(row["json"])
    return Outcome(value=value, at=row["at"], recorded_at=row["recorded_at"], recorded_by=row["recorded_by"])


def _lock_batches(tx: Connection, batch_ids: Sequence[str]) -> None:
    """Lock the batches of some predictions until the transaction ends, by id, so that no two deadlock."""
    if tx.dialect.name == "sqlite":
        return  # it has one writer at a time
    for some in chunks(batch_ids, _MAX_PARAMETERS):
        held = select(prediction_batch.c.id).where(prediction_batch.c.id.in_(some))
        tx.execute(held.order_by(prediction_batch.c.id).with_for_update())


def _current(tx: Connection, places: Iterable[RowId]) -> dict[RowId, dict[str, Any]]:
    return {(row["batch_id"], row["row"]): row for row in _rows(tx, outcome, places)}


def _rows(tx: Connection, table: Any, places: Iterable[RowId]) -> Iterator[dict[str, Any]]:
    """Give what a table holds of some predictions; mostly nothing yet, and then it is not asked for each."""
    # Counted by batch first: mostly there is nothing yet. Where a batch's outcomes are about as many as are
    # wanted all of them are read; single rows of large batches are named one by one.
    wanted: dict[str, set[int]] = {}
    for batch_id, row in places:
        wanted.setdefault(batch_id, set()).add(row)
    whole: list[str] = []
    some_of: list[RowId] = []
    for some in chunks(wanted, _MAX_PARAMETERS):
        counted = select(table.c.batch_id, func.count()).where(table.c.batch_id.in_(some))
        for batch_id, count in tx.execute(counted.group_by(table.c.batch_id)):
            # A batch of which half or more is wanted is read whole, by its id; of others single rows.
            if count <= 2 * len(wanted[batch_id]):
                whole.append(batch_id)
            else:
                some_of += [(batch_id, row) for row in wanted[batch_id]]
    if some_of:
        given = {"places": msgspec.json.encode(some_of).decode()}
        yield from map(Row._asdict, tx.execute(_at_places(table, tx.dialect.name), given))
    for some in chunks(whole, _MAX_PARAMETERS):
        for found in tx.execute(select(table).where(table.c.batch_id.in_(some))):
            if found.row in wanted[found.batch_id]:
                yield found._asdict()


@cache
def _at_places(table: Table, dialect: str) -> TextualSelect:
    """Return the query for places of a table, given as one JSON text: a parameter for each costs more."""
    columns = ", ".join(f'found."{column.name}"' for column in table.c)
    if dialect == "postgresql":
        given = (
            "SELECT value->>0, CAST(value->>1 AS integer) FROM jsonb_array_elements(CAST(:places AS jsonb))"
        )
    else:
        given = "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:places)"
    joined = 'found.batch_id = given.b AND found."row" = given.r'
    return text(
        f"WITH given(b, r) AS ({given}) "  # noqa: S608 - names alone
        f"SELECT {columns} FROM given JOIN {table.name} AS found ON {joined}"
    ).columns(*table.c)


def _apply(incoming: _Incoming, row: dict[str, Any]) -> bool:
    """Take an outcome that counts from now on, or that is known; False when a later one is known."""
    place = (row["batch_id"], row["row"])
    known = incoming.current.get(place)
    if known is None:
        incoming.current[place] = incoming.new[place] = row
        return True
    is_same = (known["value"], known["json"]) == (row["value"], row["json"])
    # What is known for certain overrules what was concluded from feedback, whichever became known first.
    overrules = _is_judged(known) and not _is_judged(row)
    if is_same and not overrules and row["at"] in {known["at"], row["recorded_at"]}:
        incoming.repeated += 1
        return True
    if row["at"] < known["at"] and not overrules:
        return False
    incoming.earlier.append(_outcome_columns(known))
    incoming.current[place] = row
    if place not in incoming.new:
        incoming.before.setdefault(place, known)
    (incoming.new if place in incoming.new else incoming.changed)[place] = row
    incoming.repeated += is_same
    incoming.corrected += not is_same
    return True


def _is_judged(row: dict[str, Any]) -> bool:
    return bool(row["recorded_by"].startswith(JUDGED))


def _keep_older(tx: Connection, incoming: _Incoming, older: Sequence[dict[str, Any]]) -> None:
    """Keep outcomes that became known before what counts, each once."""
    places = dict.fromkeys((row["batch_id"], row["row"]) for row in older)
    kept = {_identity(row) for row in (*_rows(tx, earlier_outcome, places), *incoming.earlier)}
    for row in older:
        if _identity(row) in kept:
            incoming.repeated += 1
        else:
            kept.add(_identity(row))
            incoming.earlier.append(row)
            incoming.corrected += 1


def _without_json(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows without what none of them has: most outcomes are numbers."""
    if all(row["json"] is None for row in rows):
        for row in rows:
            del row["json"]
    return rows


def _identity(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("batch_id", "row", "value", "json", "at"))


def _outcome_columns(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("batch_id", "row", *(column.name for column in _COLUMNS))}


def _update_parameters(row: dict[str, Any]) -> dict[str, Any]:
    new = {f"new_{column.name}": row[column.name] for column in _COLUMNS}
    return new | {"batch": row["batch_id"], "of_row": row["row"]}
