"""Rows from text: CSV, an object a line, JSON."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import lru_cache
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any

import msgspec

from meguru.errors import InvalidInput, TooLarge
from meguru.predictions.sources.rows import Row, SourceColumns

MAX_LINE = 1 << 20
"""Characters of a line: what has none of its ends is not read into memory whole."""
MAX_JSON_BYTES = 16 << 20
"""Bytes of a JSON array, which is read as one; an object a line has no such limit."""
_AS_TEXT = frozenset({"prediction_id", "key", "time", "at", "comment", "by", "endpoint"})
_object = msgspec.json.Decoder(dict[str, Any]).decode
_any = msgspec.json.Decoder().decode


def read_csv(path: Path, columns: SourceColumns, where: str) -> Iterator[tuple[int, Row]]:
    """Give the rows of a CSV file; a field of a value is read as JSON, and as text where it is none."""
    with path.open("rb") as raw, TextIOWrapper(raw, "utf-8-sig", newline="") as file:
        rows = _csv(file, where)
        header = next(rows, None)
        if header is None:
            raise InvalidInput("the file is empty", where=where)
        fields = columns.of(header, where)
        for number, row in enumerate(rows, start=1):
            if len(row) != len(fields) and row:
                what = f"row {number} has {len(row)} fields, and the header {len(fields)}"
                raise InvalidInput(what, where=where, field=f"row {number}")
            yield (
                number,
                {
                    field: value if field in _AS_TEXT else _value(value)
                    for field, value in zip(fields, row, strict=False)
                    if field and value != ""
                },
            )


def read_lines(path: Path, columns: SourceColumns, where: str) -> Iterator[tuple[int, Row]]:
    """Give the objects of a file that has one a line."""
    with path.open("rb") as file:
        known: dict[tuple[str, ...], list[str]] = {}
        for number, line in enumerate(_lines(file, where), start=1):
            if not line.strip():
                continue
            try:
                row = _object(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                what = f"line {number} is no JSON object"
                raise InvalidInput(what, where=where, why=str(error)[:300], field=f"row {number}") from None
            yield number, _named(row, columns, known, f"{where}, line {number}")


def read_json(path: Path, columns: SourceColumns, where: str) -> Iterator[tuple[int, Row]]:
    """Give the objects of a JSON array; one object is a row."""
    if path.stat().st_size > MAX_JSON_BYTES:
        why, hint = (
            f"at most {MAX_JSON_BYTES >> 20} MiB of JSON are read",
            "send an object a line (JSON Lines)",
        )
        raise TooLarge("the array is too large", where=where, why=why, hint=hint)
    try:
        found = _any(path.read_bytes())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput("this is no JSON", where=where, why=str(error)[:300]) from None
    known: dict[tuple[str, ...], list[str]] = {}
    for number, row in enumerate(found if isinstance(found, list) else [found], start=1):
        if not isinstance(row, dict):
            what = f"row {number} is no JSON object"
            raise InvalidInput(what, where=where, field=f"row {number}")
        yield number, _named(row, columns, known, f"{where}, row {number}")


def _named(row: Row, columns: SourceColumns, known: dict[tuple[str, ...], list[str]], where: str) -> Row:
    names = tuple(row)
    if (fields := known.get(names)) is None:
        if len(known) > len(columns.fields):  # rows with columns of their own each: nothing is worth keeping
            known.clear()
        fields = known[names] = columns.of(names, where)
    return {field: value for field, value in zip(fields, row.values(), strict=True) if field}


def _csv(file: TextIOWrapper, where: str) -> Iterator[list[str]]:
    reader = csv.reader(_text_lines(file, where), strict=True)
    try:
        yield from reader
    except (csv.Error, UnicodeDecodeError) as error:
        what = f"line {reader.line_num + 1} can't be read as CSV"
        raise InvalidInput(what, where=where, why=str(error)[:300]) from None


def _text_lines(file: TextIOWrapper, where: str) -> Iterator[str]:
    while line := file.readline(MAX_LINE):
        if len(line) == MAX_LINE:
            raise _endless(where)
        yield line


def _lines(file: IO[bytes], where: str) -> Iterator[bytes]:
    while line := file.readline(MAX_LINE):
        if len(line) == MAX_LINE:
            raise _endless(where)
        yield line


def _endless(where: str) -> InvalidInput:
    return InvalidInput("a line does not end", where=where, why=f"it has over {MAX_LINE:,} characters")


@lru_cache(maxsize=1024)
def _value(text: str) -> Any:
    try:
        return _any(text)
    except (msgspec.DecodeError, RecursionError):
        return text
