"""The answer to ``POST /get-online-features``, put together from pieces of JSON that most answers share."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec
import polars as pl

from meguru.errors import Busy
from meguru.features.online.json_values import plain
from meguru.features.online.lookup import EntityRows
from meguru.features.online.plan import ReadPlan
from meguru.features.online.states import ValueState

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - of values without a time zone
_STATUS = {
    ValueState.PRESENT: b'"PRESENT"',
    ValueState.NULL_VALUE: b'"NULL_VALUE"',
    ValueState.NOT_FOUND: b'"NOT_FOUND"',
    ValueState.OUTSIDE_MAX_AGE: b'"OUTSIDE_MAX_AGE"',
    # Feast has no words for what stands in: it is there, and how old it is stands beside it.
    ValueState.LAST_KNOWN: b'"PRESENT"',
    ValueState.DEFAULT: b'"PRESENT"',
}
_encode = msgspec.json.Encoder().encode


class FeastForm:
    """How the answers to one question are written."""

    def __init__(self, plan: ReadPlan, *, full_names: bool, versions: bool) -> None:
        names = [*plan.keys, *plan.names(full=full_names)]
        metadata: dict[str, Any] = {"feature_names": names}
        if versions:
            metadata["feature_view_metadata"] = [
                {"name": view.name, "version": int(view.ref.rpartition("@")[2])} for view in plan.views
            ]
        self._plan = plan
        self._head = b'{"metadata":' + _encode(metadata) + b',"results":['
        kinds = [list(view.layout.types.values()) for view in plan.views]
        self._columns = [
            (one.view, one.feature, _written(kinds[one.view][one.feature])) for one in plan.picked
        ]

    def body(self, found: Sequence[EntityRows], entities: Mapping[str, Sequence[Any]]) -> bytes:
        """Return the answer for some entities."""
        count = len(found[0].values)
        present, epochs = _all_present(count), _epochs(count)
        results = [
            b"".join((b'{"values":', _encode(entities[key]), present, epochs, b"}"))
            for key in self._plan.keys
        ]
        columns = [list(zip(*rows.values, strict=True)) for rows in found]
        times = [_times(rows.events) for rows in found]
        for view, feature, written in self._columns:
            column = columns[view][feature] if count else ()
            values, statuses = _values(column, written), _statuses(found[view], column, count)
            results.append(b"".join((b'{"values":', values, statuses, times[view], b"}")))
        return b"".join((self._head, b",".join(results), b'],"status":true}'))


def _values(column: Sequence[Any], written: Callable[[Any], Any] | None) -> bytes:
    if written is not None:
        return _encode([None if value is None else written(value) for value in column])
    found = _encode(column)
    # What JSON can't hold is written as null: then there are more of these than values that are missing.
    if b"null" in found and found.count(b"null") != column.count(None):
        return _encode([plain(value) for value in column])
    return found


def _statuses(rows: EntityRows, column: Sequence[Any], count: int) -> bytes:
    states = rows.states
    if states is None:
        if None not in column:
            return _all_present(count)
        states = [ValueState.PRESENT] * count
    elif None in column and ValueState.DEFAULT in states:
        raise Busy("the online store is away", why=f"nothing stands in for a value of {rows.view.ref}")
    told = [
        _STATUS[ValueState.NULL_VALUE if value is None and state is ValueState.PRESENT else state]
        for value, state in zip(column, states, strict=True)
    ]
    return b',"statuses":[' + b",".join(told) + b"]"


@lru_cache(maxsize=256)
def _all_present(count: int) -> bytes:
    return b',"statuses":[' + b",".join([b'"PRESENT"'] * count) + b"]"


@lru_cache(maxsize=256)
def _epochs(count: int) -> bytes:
    return b',"event_timestamps":[' + b",".join([_stamp(0)] * count) + b"]"


def _times(events: Sequence[int]) -> bytes:
    return b',"event_timestamps":[' + b",".join([_stamp(event) for event in events]) + b"]"


@lru_cache(maxsize=65_536)
def _stamp(event: int) -> bytes:
    """Spell a moment as protobuf's JSON does: with no, three or six digits of a second."""
    moment = _EPOCH + timedelta(microseconds=event)
    micro = moment.microsecond
    fraction = "" if not micro else f".{micro // 1000:03d}" if micro % 1000 == 0 else f".{micro:06d}"
    return f'"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"'.encode()


def _written(kind: pl.DataType) -> Callable[[Any], Any] | None:
    """Return how values of a type are written where that is not as JSON has them: Feast's are fewer."""
    if isinstance(kind, pl.Datetime | pl.Date):
        return _seconds
    if isinstance(kind, pl.Duration):
        return timedelta.total_seconds
    if isinstance(kind, pl.Binary):
        return lambda value: base64.b64encode(value).decode()
    if isinstance(kind, pl.List | pl.Array):
        inner = _written(kind.inner() if isinstance(kind.inner, type) else kind.inner)
        if inner is not None:
            return lambda values: [None if each is None else inner(each) for each in values]
        return plain
    return None


def _seconds(moment: date) -> int:
    """Return a moment as a Unix timestamp, which is all of it that Feast's values hold."""
    if not isinstance(moment, datetime):
        return (moment - _EPOCH.date()).days * 86_400
    return int((moment - (_EPOCH if moment.tzinfo else _LOCAL_EPOCH)) // timedelta(seconds=1))
