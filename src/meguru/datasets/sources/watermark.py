"""Incremental reads by a high-water mark: a column that only grows, with ties neither lost nor doubled.

Rows at the watermark itself may still come when it was read (two rows of one moment, one committed later),
and with `lookback` those of some time before it. A read therefore asks for rows from the low end of that span
on, and leaves out those that were read before: told by the key where rows are added by one, else by their
content, as often as they were there.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from meguru.datasets.position import SourcePosition
from meguru.datasets.sources.base import SourceContext
from meguru.datasets.sources.spec import SourceSpec, lookback_of
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

_RAW_ROWS = 200_000
_WIDTH = 16


class Watermark:
    """Sorts out the rows of one read; use one for each."""

    def __init__(
        self, spec: SourceSpec, context: SourceContext, since: SourcePosition | None, key: list[str]
    ) -> None:
        self.column, self._spec, self._context, self._since = spec.watermark, spec, context, since
        self._mode = spec.mode_for(key)
        self._key = key if self._mode == "append" else []
        self._before = value_of(since.kind, since.watermark) if since else None
        self._known = Counter(_marks(context.blob(since.seen))) if since and since.seen else Counter()
        self._highest: Any = None
        self._raw: list[pl.DataFrame] = []
        self._hashed: list[pl.DataFrame] = []
        self.rows = 0

    @property
    def low(self) -> Any:
        """From which value on (itself counted) rows are asked for; None: all."""
        return None if self._before is None else _lower(self._before, self._spec)

    def take(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of a part of the read that are new.

        Raises
        ------
        InvalidInput
            If the watermark is missing in a row, or is not of the type that it was.
        """
        if not frame.height:
            return frame
        self._check(frame)
        self.rows += frame.height
        highest = frame[self.column].max()
        if self._highest is None or highest > self._highest:
            self._highest = highest
        self._remember(frame)
        return frame if self._before is None else self._unknown(frame)

    def position(self) -> SourcePosition | None:
        """Return how far the source is read now; None if it never had a row."""
        if self._highest is None or (self._before is not None and self._highest < self._before):
            return self._since
        kind, text = text_of(self._highest)
        self._prune()
        seen = b"".join(
            mark for each in (*self._hashed, *map(self._hash, self._raw)) for mark in each["mark"]
        )
        digest = self._context.put(seen) if seen else ""
        return SourcePosition(source=self._spec.identity, kind=kind, watermark=text, seen=digest)

    @property
    def shrunk(self) -> str:
        """Say how the source lost what it had, if it did."""
        if self._before is None or (self._highest is not None and self._highest >= self._before):
            return ""
        there = "nothing" if self._highest is None else f"{text_of(self._highest)[1]} is the highest"
        return f"{self.column} had come to {text_of(self._before)[1]}, and {there} is there now"

    def _check(self, frame: pl.DataFrame) -> None:
        if self.column not in frame.columns:
            raise self._wrong(
                f"there is no column {self.column!r}", f"there are {', '.join(frame.columns[:20])}"
            )
        values = frame[self.column]
        missing = values.null_count() + (int(values.is_nan().sum()) if values.dtype.is_float() else 0)
        if missing:
            why = "a row without one would be read never, or again and again"
            raise self._wrong(f"{missing:,} rows have no {self.column}", why)
        kind = text_of(values[0])[0]
        was = self._since.kind if self._since is not None else kind
        if was != kind and {was, kind} != {"int", "float"}:
            raise self._wrong(f"{self.column} was {was}, and is {kind} now", "the source changed")

    def _wrong(self, what: str, why: str) -> InvalidInput:
        return InvalidInput(what, why=why, field="source.watermark")

    def _remember(self, frame: pl.DataFrame) -> None:
        """Hold the rows that the next read will meet again."""
        import polars as pl

        low = _lower(self._highest, self._spec)
        self._raw.append(frame.filter(pl.col(self.column) >= low))
        # Hashing rows in Python is slow, and most rows fall out as the mark rises: so it is put off until
        # many are held.
        if sum(each.height for each in self._raw) > _RAW_ROWS:
            self._prune()
            self._hashed += [self._hash(each) for each in self._raw]
            self._raw = []

    def _prune(self) -> None:
        import polars as pl

        low = _lower(self._highest, self._spec)
        for held in (self._raw, self._hashed):
            held[:] = [left for each in held if (left := each.filter(pl.col(self.column) >= low)).height]

    def _unknown(self, frame: pl.DataFrame) -> pl.DataFrame:
        import polars as pl

        # Who was not asked for less gives what was read long ago, too.
        frame = frame.filter(pl.col(self.column) >= self.low)
        # Only rows up to the old high-water mark can have been read before; those beyond it are new unseen.
        again = pl.col(self.column) <= self._before
        old = frame.filter(again)
        if not old.height or not self._known:
            return frame
        fresh = []
        for mark in self._hash(old)["mark"]:
            known = self._known[mark] > 0
            # A multiset: of two equal rows, of which one was read, one is new. By a key each is told once.
            if known and self._mode == "append":
                self._known[mark] -= 1
            fresh.append(not known)
        return pl.concat([old.filter(pl.Series(fresh, dtype=pl.Boolean)), frame.filter(~again)])

    def _hash(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the watermark of each row, and what tells the row."""
        import polars as pl

        told = frame.select(self._key) if self._key else frame.select(sorted(frame.columns))
        marks = [
            hashlib.blake2b(msgspec.json.encode(row, enc_hook=str), digest_size=_WIDTH).digest()
            for row in told.iter_rows()
        ]
        return frame.select(self.column).with_columns(mark=pl.Series(marks, dtype=pl.Binary))


def _marks(seen: bytes) -> list[bytes]:
    return [seen[start : start + _WIDTH] for start in range(0, len(seen), _WIDTH)]


def value_of(kind: str, text: str) -> Any:
    """Return a watermark that was written down."""
    match kind:
        case "int":
            return int(text)
        case "float":
            return float(text)
        case "datetime":
            return datetime.fromisoformat(text)
        case "date":
            return date.fromisoformat(text)
    return text


def text_of(value: Any) -> tuple[str, str]:
    """Return what a watermark is, and how it is written."""
    if isinstance(value, datetime):
        return "datetime", value.isoformat()
    if isinstance(value, date):
        return "date", value.isoformat()
    if isinstance(value, int) and not isinstance(value, bool):
        return "int", str(value)
    if isinstance(value, float) and math.isfinite(value):
        return "float", repr(value)
    if isinstance(value, str):
        return "text", value
    why = f"the column holds a {type(value).__name__}"
    raise InvalidInput(
        "a watermark is a number, a date, a time or a text that only grows", why=why, field="source.watermark"
    )


def _lower(value: Any, spec: SourceSpec) -> Any:
    """Return the low end of what a read meets again."""
    if not spec.lookback:
        return value
    back = lookback_of(spec.lookback)
    if isinstance(value, str):
        return _earlier(value, back)
    if isinstance(value, date) == isinstance(back, timedelta):
        if isinstance(value, date) and not isinstance(value, datetime) and isinstance(back, timedelta):
            return value - timedelta(days=math.ceil(back / timedelta(days=1)))
        return value - back
    raise InvalidInput(
        "lookback does not go with the watermark",
        why=f"the watermark is of the kind {text_of(value)[0]}",
        hint="a length of time ('2h') for times, a number for numbers",
        field="source.lookback",
    )


def _earlier(text: str, back: timedelta | float) -> str:
    """Return an earlier moment as text, written so that it comes before those that are later."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or not isinstance(back, timedelta):
        why = "it is no moment of the form 2026-01-31 12:00:00"
        raise InvalidInput("one can't go back from this watermark", why=why, field="source.lookback")
    between = text[10:11] or "T"
    return (moment - back).strftime(f"%Y-%m-%d{between}%H:%M:%S" if len(text) > 10 else "%Y-%m-%d")
