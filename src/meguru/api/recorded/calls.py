"""Rows of a body, given to operations: so many a call, each of one endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import Any, TypeVar

from meguru.base import refs
from meguru.errors import InvalidInput, MeguruError, from_dict
from meguru.kernel.workspace import Workspace
from meguru.predictions import ids, store
from meguru.predictions.types import OutcomesRecorded, Unknown, added

T = TypeVar("T")
R = TypeVar("R", bound=OutcomesRecorded)
MAX_KEY = 180
"""Characters of an idempotency key here: a call for each part of the body has one of its own, made of it."""


def parts_by_endpoint(
    ws: Workspace, endpoint: str, parts: Iterable[Sequence[tuple[int, Any]]], permission: str
) -> Iterator[tuple[str, list[tuple[int, Any]]]]:
    """Give the rows of each part by endpoint: the row's own, that of the request, or its prediction's."""
    for part in parts:
        found = [(each.endpoint or endpoint, number, each) for number, each in part]
        if not all(name for name, _, _ in found):
            found = _looked_up(ws, found, permission)
        for name, rows in groupby(sorted(found, key=lambda each: each[0]), key=lambda each: each[0]):
            yield name, [(number, each) for _, number, each in rows]


def record_all(
    ws: Workspace,
    parts: Iterable[tuple[str, list[tuple[int, Any]]]],
    record: Callable[..., R],
    name: str,
    total: R,
    unknown: Unknown,
) -> tuple[R, list[str]]:
    """Make a call for each part; return the sums, beginning with `total`, and the endpoints, as they came.

    Parameters
    ----------
    ws
        The workspace, with the request's idempotency key.
    parts
        Rows with their numbers, by endpoint; see `parts_by_endpoint`.
    record
        The operation; what it records is its argument `name`.
    name
        As above.
    total
        Nothing, of the type that the operation returns.
    unknown
        What becomes of rows whose prediction nobody knows.
    """
    endpoints: dict[str, None] = {}
    for number, (endpoint, rows) in enumerate(parts):
        given = {name: [each for _, each in rows]}
        call = partial(record, _keyed(ws, number), endpoint=endpoint, unknown=unknown, **given)
        done = _with_row_numbers(call, rows, name, total.count + total.waiting)
        endpoints[done.endpoint] = None
        total = added(total, done)
    return total, list(endpoints)


def _keyed(ws: Workspace, number: int) -> Workspace:
    """Return the view with which one call of a request is made."""
    key = ws.idempotency_key
    return ws.with_(idempotency_key=f"{key}/{number}" if key else None)


def check_key(key: str | None) -> None:
    """Refuse a key to which no number can be added."""
    if key and len(key) > MAX_KEY:
        raise InvalidInput(f"an idempotency key has 1 to {MAX_KEY} characters here", field="Idempotency-Key")


def _with_row_numbers(work: Callable[[], T], rows: Sequence[tuple[int, Any]], name: str, before: int) -> T:
    """Do a call; its error names the row of the body, and says what was recorded before it."""
    try:
        return work()
    except MeguruError as error:
        field, index = error.field or "", 0
        if field.startswith(f"{name}["):
            index = int(field.removeprefix(f"{name}[").partition("]")[0])
            field = f"row {rows[index][0]}{field.partition(']')[2]}"
        said = error.as_dict() | {"field": field}
        if before:
            said["try"] = f"{before:,} rows before it were recorded; correct it, and send all again"
        raise from_dict(said) from error


def _looked_up(
    ws: Workspace, found: list[tuple[str, int, Any]], permission: str
) -> list[tuple[str, int, Any]]:
    places = [None if name else ids.split(each.prediction_id) for name, _, each in found]
    with ws.read() as tx:
        known = store.find_batches(tx, [place[0] for place in places if place])
    full = []
    for (name, number, each), place in zip(found, places, strict=True):
        batch = known.get(place[0]) if place else None
        if not name and (
            batch is None or not ws.principal.allows(permission, refs.project_of(batch.endpoint))
        ):
            raise InvalidInput(
                f"row {number} does not say which endpoint answered",
                why="no prediction that you may tell of has this id" if each.prediction_id else "",
                field=f"row {number}.endpoint",
                hint="say it in the row, or for all rows in the address: ?endpoint=NAME",
            )
        full.append((name or str(batch and batch.endpoint), number, each))
    return full
