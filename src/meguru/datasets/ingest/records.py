"""Text in pieces that end where a record ends, each field still as the text that stands there.

A piece whose quotes are regular (each opens or closes a whole field, or is doubled inside of one) is read by
Polars; any other by Python's ``csv``, strictly. Both see the same records, so it does not matter where a
piece ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from meguru.datasets.delimited.dialect import not_of
from meguru.datasets.ingest.refusals import MEND_QUOTES, refused, wrong_width
from meguru.datasets.ingest.walk import RecordWalk, is_blank
from meguru.datasets.types import Dialect

CHUNK = 1 << 24
"""So many bytes of text are looked at together."""
MAX_RECORD_BYTES = 1 << 28
"""A record of more bytes is refused: a quote that is never closed makes the rest of a file one."""
_LF, _CR = 10, 13
_CACHED = 1 << 17
Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]


@dataclass(slots=True)
class Records:
    """Cuts text into frames of text, one after another.

    Parameters
    ----------
    blocks
        The text as UTF-8, cut anywhere.
    chunk
        So many bytes are looked at together; what is found does not depend on it.
    """

    blocks: Iterator[bytes]
    dialect: Dialect
    name: str
    chunk: int = CHUNK
    columns: list[str] = field(default_factory=list)
    seen: int = 0
    blank: int = 0
    _rest: bytes = b""
    _over: bool = False

    def frames(self) -> Iterator[pl.DataFrame]:
        """Yield the records as columns of text; an empty field is ``""``.

        Raises
        ------
        InvalidInput
            If a record has more or fewer fields than the first, quotes don't match, or it is no UTF-8.
        """
        self.read_header()
        while self._more(self.chunk):
            frame = self._next()
            if frame.height:
                yield frame

    def read_header(self) -> list[str]:
        """Return the names of the columns: the fields of the first record."""
        while not self.columns and self._more(max(self.chunk, len(self._rest) + 1)):
            walk = RecordWalk(self._rest, self.dialect, self.name, is_last=self._over)
            for record in walk.records():
                if record is not None:
                    self.columns = self._named(record)
                    self._rest = self._rest[walk.used :]
                    return self.columns
            if self._over or len(self._rest) > MAX_RECORD_BYTES:
                break
        if self.columns:
            return self.columns
        raise refused(self.name, "it holds no rows", "is the file whole, and of this format?")

    def _named(self, record: list[str]) -> list[str]:
        if len(set(record)) < len(record):
            twice = next(each for at, each in enumerate(record) if each in record[:at])
            raise refused(self.name, f"two columns are called {twice!r}", "rename one of them")
        return record

    def _more(self, wanted: int) -> bool:
        """Read on until so many bytes are there, or the text is over; tell whether anything is left."""
        parts, size = [self._rest], len(self._rest)
        while size < wanted and not self._over:
            block = next(self.blocks, None)
            if block is None:
                self._over = True
                if size and not parts[-1].endswith(b"\n"):
                    parts.append(b"\n")
            elif block:
                parts.append(block)
                size += len(block)
        self._rest = b"".join(parts) if len(parts) > 1 else parts[0]
        return bool(self._rest)

    def _next(self) -> pl.DataFrame:
        """Take the records that end in what was read."""
        wanted = self.chunk
        while True:
            text = np.frombuffer(self._rest, np.uint8)
            cut, quotes = self._cut(text)
            # The fast way needs quotes that Polars and `csv` read alike. Anything else is walked through,
            # which is slow and strict: no file is read in two ways.
            if cut and self._is_regular(text[:cut], quotes):
                body, self._rest = self._rest[:cut], self._rest[cut:]
                return self._parsed(body, text[:cut], quotes)
            walk = RecordWalk(self._rest, self.dialect, self.name, self.seen, is_last=self._over)
            frame = walk.frame(self.columns)
            if walk.used:
                self._rest = self._rest[walk.used :]
                self.blank += walk.blank
                self.seen += walk.seen
                return frame
            wanted *= 2
            if self._over or len(self._rest) > MAX_RECORD_BYTES:
                raise refused(
                    self.name, f"record {self.seen + 1} does not end: a quote is not closed", MEND_QUOTES
                )
            self._more(wanted)

    def _cut(self, text: Bytes) -> tuple[int, Places]:
        """Return where the last whole record ends if all quotes are regular, and where quotes are."""
        quote = self.dialect.quote.encode()
        if not quote or self._rest.find(quote) < 0:
            return self._rest.rfind(b"\n") + 1, np.empty(0, np.int64)
        quotes = np.flatnonzero(text == quote[0])
        ends = np.flatnonzero(text == _LF)
        # An even number of quotes before a line end: it is outside of a field.
        outside = ends[np.searchsorted(quotes, ends) % 2 == 0]
        cut = int(outside[-1]) + 1 if outside.size else 0
        return cut, quotes[: np.searchsorted(quotes, cut)]

    def _is_regular(self, text: Bytes, quotes: Places) -> bool:
        if self._rest.find(b"\r", 0, text.size) >= 0:
            returns = self._rest.count(b"\r", 0, text.size)
            if returns != self._rest.count(b"\r\n", 0, text.size):
                return False
        return not quotes.size or _regular(text, quotes, ord(self.dialect.delimiter))

    def _parsed(self, body: bytes, text: Bytes, quotes: Places) -> pl.DataFrame:
        width = len(self.columns)
        records, fields = self._counted(text, quotes)
        if width == 1 or fields != records * (width - 1):
            body, records = self._without_blank(body, text, quotes)
        if not records:
            return pl.DataFrame(schema=dict.fromkeys(self.columns, pl.String))
        try:
            frame = pl.read_csv(
                body,
                has_header=False,
                schema=dict.fromkeys(map(str, range(width)), pl.String),
                separator=self.dialect.delimiter,
                quote_char=self.dialect.quote or None,
                empty_string_is_null=False,
            )
        except pl.exceptions.PolarsError:
            self._explain(body)
            self._without_blank(
                body, np.frombuffer(body, np.uint8), quotes
            )  # a record too long, and one too short
            raise
        frame.columns = self.columns  # a name may be empty, which Polars' reader takes for none
        # Counted in two ways: a parser that takes a record for two, or two for one, is found out.
        if frame.height != records:
            why = f"{records} records are there and {frame.height} were read"
            raise refused(self.name, why, MEND_QUOTES)
        self.seen += records
        return frame

    def _counted(self, text: Bytes, quotes: Places) -> tuple[int, int]:
        """Return how many records, and how many delimiters, stand outside of quotes."""
        delimiter = self.dialect.delimiter.encode()
        if not quotes.size:
            return _count(text, _LF), _count(text, delimiter[0])
        found = []
        for mark in (_LF, delimiter[0]):
            places = np.flatnonzero(text == mark)
            inside = np.searchsorted(places, quotes[1::2]) - np.searchsorted(places, quotes[0::2])
            found.append(places.size - int(inside.sum()))
        return found[0], found[1]

    def _without_blank(self, body: bytes, text: Bytes, quotes: Places) -> tuple[bytes, int]:
        """Leave out blank lines, and count them; refuse a record of another width, with its number."""
        ends = _outside(np.flatnonzero(text == _LF), quotes)
        fields = _outside(np.flatnonzero(text == ord(self.dialect.delimiter)), quotes)
        begins = np.concatenate([[0], ends[:-1] + 1])
        widths = np.searchsorted(fields, ends) - np.searchsorted(fields, begins) + 1
        blank = np.zeros(ends.size, np.bool_)
        for at in np.flatnonzero(widths == 1) if len(self.columns) > 1 else _narrow(text, begins, ends):
            blank[at] = widths[at] == 1 and is_blank(body[begins[at] : ends[at]])
        wrong = np.flatnonzero((widths != len(self.columns)) & ~blank)
        if wrong.size:
            at = int(wrong[0])
            raise wrong_width(self.name, self.seen + at + 1, int(widths[at]), len(self.columns))
        gone = int(blank.sum())
        if gone:
            keep = np.repeat(~blank, ends - begins + 1)
            body = text[keep].tobytes()
            self.blank += gone
            self.seen += gone
        return body, ends.size - gone

    def _explain(self, body: bytes) -> None:
        """Raise what is wrong with text that Polars refused, if it is no UTF-8."""
        try:
            body.decode()
        except UnicodeDecodeError as error:
            raise not_of("utf-8", self.name, body, error.start) from error


def _regular(text: Bytes, quotes: Places, delimiter: int) -> bool:
    """Tell whether each quote opens or closes a whole field, or is one of two that mean one."""
    opening, closing = quotes[0::2], quotes[1::2]
    before = text[np.maximum(opening - 1, 0)]
    good = (opening == 0) | (before == delimiter) | (before == _LF)
    after, behind = text[closing + 1], text[np.minimum(closing + 2, text.size - 1)]
    ended = (after == delimiter) | (after == _LF) | ((after == _CR) & (behind == _LF))
    doubled = opening[1:] == closing[:-1] + 1
    good[1:] |= doubled
    ended[:-1] |= doubled
    return bool(good.all() and ended.all())


def _count(text: Bytes, mark: int) -> int:
    """Count a byte, some at a time: what is made on the way stays in the processor's cache."""
    parts = (text[at : at + _CACHED] for at in range(0, text.size, _CACHED))
    return sum(int(np.count_nonzero(part == mark)) for part in parts)


def _outside(places: Places, quotes: Places) -> Places:
    return places[np.searchsorted(quotes, places) % 2 == 0] if quotes.size else places


def _narrow(text: Bytes, begins: Places, ends: Places) -> Places:
    """Return the lines of one column that may be blank: their first byte is no sign."""
    return np.flatnonzero(text[begins] <= ord(" ")) if begins.size else ends
