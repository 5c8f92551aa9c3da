"""Read records one by one with Python's ``csv``: where quotes stand in the middle of fields."""

from __future__ import annotations

import csv
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager

import polars as pl

from meguru.datasets.delimited.dialect import not_of
from meguru.datasets.ingest.refusals import MEND_QUOTES, refused, wrong_width
from meguru.datasets.types import Dialect

WALK_BYTES = 1 << 22
"""So many bytes are walked through before what was found is handed on."""
_MAX_FIELD = 1 << 30
"""Else a field of 128 KiB is refused; records are bounded where text is cut."""


class _LongFields(AbstractContextManager[None]):
    """Lets ``csv`` read long fields while anybody walks.

    Its limit is one for the whole process, and others lean on what it is. So it is raised by the first walk
    and put back by the last: each walk putting back what it found would cut off those that began before it.
    """

    def __init__(self) -> None:
        self._lock, self._walks, self._usual = threading.Lock(), 0, 0

    def __enter__(self) -> None:
        with self._lock:
            if not self._walks:
                self._usual = csv.field_size_limit(_MAX_FIELD)
            self._walks += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._walks -= 1
            if not self._walks:
                csv.field_size_limit(self._usual)


_long_fields = _LongFields()


class RecordWalk:
    """Reads the whole records at the beginning of some text.

    Parameters
    ----------
    text
        UTF-8 that begins where a record does.
    before
        So many records stand before it.
    is_last
        Whether it is the end of the file.

    Attributes
    ----------
    used, seen, blank
        Bytes and records that were read, and how many of these hold nothing.
    """

    def __init__(self, text: bytes, dialect: Dialect, name: str, before: int = 0, *, is_last: bool) -> None:
        self._text, self._dialect, self._name = text, dialect, name
        self._before, self._is_last = before, is_last
        self.used = self.seen = self.blank = 0

    def frame(self, columns: list[str]) -> pl.DataFrame:
        """Return records as columns of text; without any, not one ends in the text.

        Raises
        ------
        InvalidInput
            If a record has more or fewer fields, or a quote stands where none may.
        """
        rows = []
        for record in self.records():
            if record is None:
                self.blank += 1
            elif len(record) != len(columns):
                raise wrong_width(self._name, self._before + self.seen, len(record), len(columns))
            else:
                rows.append(record)
        made = zip(*rows, strict=True) if rows else ([] for _ in columns)
        values = zip(columns, made, strict=True)
        return pl.DataFrame({name: pl.Series(each, dtype=pl.String) for name, each in values})

    def records(self) -> Iterator[list[str] | None]:
        """Yield records that end in the text; None for a blank line."""
        size = WALK_BYTES
        with _long_fields:
            while not self.used:
                yield from self._of(self._text[:size])
                if size >= len(self._text):
                    return
                size *= 2

    def _of(self, text: bytes) -> Iterator[list[str] | None]:
        lines = text.splitlines(keepends=True)
        if not (self._is_last and len(text) == len(self._text)):
            # The last line is left for the next look unless the file ends with it.
            lines.pop()  # it may go on, were it only by the second half of a line's end
        over = False

        def decoded() -> Iterator[str]:
            nonlocal over
            for line in lines:
                yield self._decoded(line)
            over = True

        dialect, read = self._dialect, 0
        reader = csv.reader(
            decoded(),
            delimiter=dialect.delimiter,
            quotechar=dialect.quote or None,
            quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
            strict=True,
        )
        while True:
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                if over:  # a quote is open at the end of what is there
                    return
                why = f"row {self._before + self.seen + 1}: {error}"
                raise refused(self._name, why, MEND_QUOTES) from error
            own, read = lines[read : reader.line_num], reader.line_num
            self.used += sum(map(len, own))
            self.seen += 1
            yield None if len(record) <= 1 and len(own) == 1 and is_blank(own[0]) else record

    def _decoded(self, line: bytes) -> str:
        try:
            return line.decode()
        except UnicodeDecodeError as error:
            raise not_of("utf-8", self._name, line, error.start) from error


def is_blank(line: bytes) -> bool:
    """Tell whether a line holds nothing."""
    return not line.strip(b" \t\r\n")
