"""Personal data in the content of one batch: tell whether a value may be in it, find it, remove it."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from meguru.predictions.columns import column_name, output_columns
from meguru.predictions.outputs import PLAIN
from meguru.predictions.payload import ARROW, decode, decode_header, encode, features_of, frame_of

if TYPE_CHECKING:
    import polars as pl

COMPRESSED = ARROW
"""What a payload has in it whose values are not there as bytes."""


def search_needles(forms: Iterable[str]) -> list[bytes]:
    """Return the bytes of which a payload has one, if a value in it is one of some, as text or as number.

    Both as given and in lower case, so that a lowered payload can be searched too. A needle that is there is
    only a reason to decode the payload; one that is not proves that the value is not in it, unless it is
    compressed.
    """
    found: dict[bytes, None] = {}
    for form in forms:
        found[form.encode()] = found[form.lower().encode()] = None
        with suppress(ValueError):
            number = float(form)
            found[encode(number)] = None
            found[encode(number).lower()] = None
            if number.is_integer() and abs(number) < _EXACT:
                found[encode(int(number))] = None
                found[encode(int(number)).lower()] = None
    return list(found)


_EXACT = 1 << 53
"""Whole numbers below have a double of their own; a payload may hold one either way."""


def values_in(payload: bytes, names: Collection[str]) -> Iterator[tuple[str, Sequence[Any]]]:
    """Read only those of some features that are there: the name and the values of each."""
    if payload.startswith(ARROW):
        yield from ((name, each) for name, each in features_of(payload).items() if name in names)
        return
    stored = decode(payload)
    if (positions := _positions.get(stored.header)) is None:
        types = decode_header(stored.header).types
        # headers of many models: cheaper to start again than to keep an order
        if len(_positions) >= _MAX_HEADERS:
            _positions.clear()
        positions = _positions[stored.header] = list(enumerate(types))
    wanted = [(at, name) for at, name in positions if name in names]
    if not wanted:
        return
    if isinstance(stored.rows, bytes):
        yield from ((name, each) for name, each in features_of(payload).items() if name in names)
        return
    for at, name in wanted:
        yield name, [row[at] for row in stored.rows]


_positions: dict[bytes, list[tuple[int, str]]] = {}
"""Where in a row the features of a header are."""
_MAX_HEADERS = 1000


def without_features(payload: bytes, rows: Collection[int]) -> bytes:
    """Return a batch in which some rows have no features any more; answers and times stay."""
    import polars as pl

    if not payload.startswith(ARROW):
        stored = decode(payload)
        if not isinstance(stored.rows, bytes):
            count = len(decode_header(stored.header).types)
            kept = [
                [None] * count + list(row[count:]) if number in rows else row
                for number, row in enumerate(stored.rows)
            ]
            return encode((stored.header, kept, *([stored.together] if stored.together else [])))
    found = frame_of(payload)
    # Answers and times stay: counts and scores are about nobody without what was asked.
    gone = pl.int_range(pl.len()).is_in(sorted(rows))
    buffer = io.BytesIO()
    found.with_columns(
        pl.when(~gone).then(pl.col(name)).alias(name) for name in _feature_columns(payload, found)
    ).write_ipc(buffer, compression="zstd")
    if payload.startswith(ARROW):
        return buffer.getvalue()
    stored = decode(payload)
    return encode((stored.header, buffer.getvalue(), *([stored.together] if stored.together else [])))


def _feature_columns(payload: bytes, found: pl.DataFrame) -> list[str]:
    if payload.startswith(ARROW):
        return found.columns[: found.columns.index(output_columns(PLAIN)[0])]
    return [column_name(name) for name in decode_header(decode(payload).header).types]
