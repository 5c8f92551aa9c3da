"""A list of rows in JSON, taken apart into lines, in bounded memory."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from itertools import chain

from meguru.datasets.delimited.dialect import not_of
from meguru.datasets.ingest.records import MAX_RECORD_BYTES
from meguru.errors import InvalidInput

_BETWEEN = re.compile(r"[ \t\r\n]*")
_decode = json.JSONDecoder().raw_decode


def as_lines(blocks: Iterator[bytes], name: str) -> Iterator[bytes]:
    """Yield the text as lines, a row each: as it stands, or the rows of the one list that it is.

    Raises
    ------
    InvalidInput
        If the list is not whole, or one of its members is no row.
    """
    begin = b""
    for block in blocks:
        begin += block
        if begin.strip():
            break
    rest = chain([begin], blocks)
    return _members(rest, name) if begin.lstrip()[:1] == b"[" else rest


def _members(blocks: Iterator[bytes], name: str) -> Iterator[bytes]:
    text, place, row = "", 0, 0
    decode = codecs.getincrementaldecoder("utf-8")().decode
    wanted: tuple[str, ...] = ("[",)
    is_over = False
    while True:
        place = _BETWEEN.match(text, place).end()  # type: ignore[union-attr]
        if place < len(text):
            sign = text[place]
            if is_over or (sign not in wanted and not (sign == "{" and "row" in wanted)):
                raise _refused(name, f"something else stands where a row is expected, after row {row}")
            if sign == "]":
                is_over, place = True, place + 1
                continue
            if sign in "[,":
                wanted, place = (("row", "]") if sign == "[" else ("row",)), place + 1
                continue
            try:
                # Tried again from the start of the row with every further block: rows are small beside
                # blocks, and one that is not is refused by its length.
                _, end = _decode(text, place)
            except json.JSONDecodeError as error:
                if len(text) - place > MAX_RECORD_BYTES:
                    raise _refused(name, f"row {row + 1} is longer than can be read") from error
            else:
                # A line end within a row stands between its parts: in text it is written as \n.
                yield text[place:end].replace("\n", " ").replace("\r", " ").encode() + b"\n"
                row, wanted, place = row + 1, (",", "]"), end
                continue
        block = next(blocks, None)
        if block is None:
            if is_over:
                return
            raise _refused(name, f"the list ends within, or after, row {row + 1}")
        try:
            text, place = text[place:] + decode(block), 0
        except UnicodeDecodeError as error:
            raise not_of("utf-8", name, error.object, error.start) from error


def _refused(name: str, why: str) -> InvalidInput:
    hint = "is the file whole? a row is an object: {…}"
    return InvalidInput(f"{name!r} can't be read as json", where=name, why=why, hint=hint, field="files")
