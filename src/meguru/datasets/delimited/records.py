"""The records of a file of delimited text, each field as the text that stands there."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from pathlib import Path

import polars as pl

from meguru.datasets.delimited.dialect import PACKED, is_packed, not_of
from meguru.datasets.types import Dialect
from meguru.errors import InvalidInput

_TWICE = re.compile(r"_duplicated_\d+$")
_TEXT = pl.col("line")


def records(path: Path, dialect: Dialect, name: str) -> tuple[pl.DataFrame, int]:
    """Return all records as text (an empty field is ``""``), and how many blank lines were passed over.

    Every line is counted: none becomes a row of nothing, and a record with more or fewer fields than the
    first line is refused with its number.

    Raises
    ------
    InvalidInput
        If records differ in their number of fields.
    polars.exceptions.PolarsError
        If quotes don't match, or it can't be read at all.
    """
    source: Path | bytes = path
    if dialect.encoding != "utf-8" or dialect.line_end != "\n":
        source = _transcoded(path, dialect, name)
    elif is_packed(path):
        source = _unpacked(path)  # Polars takes what is there of one that was cut
    frame = pl.read_csv(
        source,
        separator=dialect.delimiter,
        quote_char=dialect.quote or None,
        infer_schema=False,
        empty_string_is_null=False,
    )
    if twice := [each for each in frame.columns if _TWICE.search(each)]:
        raise _refused(name, f"two columns are called {_TWICE.sub('', twice[0])!r}", "rename one of them")
    widths = _widths(source, dialect)
    if widths.height != frame.height:
        raise _refused(name, f"{widths.height} records are there and {frame.height} were read", MEND_QUOTES)
    wrong = widths.filter((pl.col("fields") != frame.width) & ~pl.col("blank"))
    if wrong.height:
        fields, _, row = wrong.row(0)
        raise _refused(name, f"row {row + 1} has {fields} fields, and the first line {frame.width}", _WIDTH)
    count = int(widths["blank"].sum())
    return (frame.filter(~widths["blank"]) if count else frame), count


_WIDTH = "is the file whole? another delimiter is said with --delimiter"
MEND_QUOTES = "a field with a quote in it is quoted, and the quote doubled; --quote '' if quotes mean nothing"


def _transcoded(path: Path, dialect: Dialect, name: str) -> bytes:
    data = _unpacked(path)
    try:
        text = data.decode(dialect.encoding)
    except UnicodeDecodeError as error:
        raise not_of(dialect.encoding, name, data, error.start) from error
    return (text.replace("\r", "\n") if dialect.line_end == "\r" else text).removeprefix("\ufeff").encode()


def _unpacked(path: Path) -> bytes:
    data = path.read_bytes()
    if data[:2] != PACKED:
        return data
    try:
        return gzip.decompress(data)
    except (EOFError, zlib.error) as error:
        raise OSError(f"what gzip packed is not whole: {error}") from error


def _widths(source: Path | bytes, dialect: Dialect) -> pl.DataFrame:
    """Return how many fields each record after the first has, whether it is a blank line, and its number."""
    lines = pl.read_lines(source)
    text, quote = _TEXT, dialect.quote
    if quote and lines.select(_TEXT.str.contains(quote, literal=True).any()).item():
        if lines.select((_TEXT.str.count_matches(quote, literal=True) % 2 == 1).any()).item():
            return _walked(source, dialect)
        mark = re.escape(quote)
        text = _TEXT.str.replace_all(f"{mark}[^{mark}]*{mark}", "")
    found = lines.select(
        (text.str.count_matches(dialect.delimiter, literal=True) + 1).cast(pl.Int64).alias("fields"),
        (_TEXT.str.strip_chars(" \t" if dialect.delimiter != "\t" else " ") == "").alias("blank"),
    )
    return _numbered(found)


def _walked(source: Path | bytes, dialect: Dialect) -> pl.DataFrame:
    """Do the same by a walk through the text: a field may go over lines."""
    text = (source if isinstance(source, bytes) else _unpacked(source)).decode("utf-8-sig")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=dialect.delimiter, quotechar=dialect.quote)
    widths, blank = [], []
    for record in reader:
        widths.append(len(record))
        blank.append(not record or (len(record) == 1 and not record[0].strip()))
    return _numbered(pl.DataFrame({"fields": widths, "blank": blank}, schema=_SCHEMA))


_SCHEMA = {"fields": pl.Int64, "blank": pl.Boolean}


def _numbered(found: pl.DataFrame) -> pl.DataFrame:
    # Blank lines before the first record are none of its rows.
    begin = int(found["blank"].not_().arg_max() or 0)
    return found.slice(begin + 1).with_columns(pl.int_range(pl.len()).alias("row"))


def _refused(name: str, why: str, hint: str) -> InvalidInput:
    return InvalidInput(f"{name!r} can't be read as csv", where=name, why=why, hint=hint, field="files")
