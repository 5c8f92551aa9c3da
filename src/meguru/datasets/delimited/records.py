"""The records of a file of an earlier version, kept as delimited text: each field as it stands there."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl

from meguru.datasets.delimited.dialect import not_of
from meguru.datasets.delimited.packed import packer, unpacked
from meguru.datasets.types import Dialect

_TEXT = pl.col("line")


def records(path: Path, dialect: Dialect, name: str) -> pl.DataFrame:
    """Return all records as text (an empty field is ``""``); the blank lines that were found then are none.

    Raises
    ------
    InvalidInput
        If the bytes are not of the encoding.
    polars.exceptions.PolarsError
        If quotes don't match, or it can't be read at all.
    """
    # As files of old versions were read: their rows must stay what they were.
    source: Path | bytes = path
    if dialect.encoding != "utf-8" or dialect.line_end != "\n":
        source = _transcoded(path, dialect, name)
    elif packer(path):
        source = _unpacked(path)  # Polars takes what is there of one that was cut
    frame = pl.read_csv(
        source,
        separator=dialect.delimiter,
        quote_char=dialect.quote or None,
        infer_schema=False,
        empty_string_is_null=False,
    )
    return frame.filter(~_blank(source, dialect)) if dialect.blank else frame


def _transcoded(path: Path, dialect: Dialect, name: str) -> bytes:
    data = _unpacked(path)
    try:
        text = data.decode(dialect.encoding)
    except UnicodeDecodeError as error:
        raise not_of(dialect.encoding, name, data, error.start) from error
    return (text.replace("\r", "\n") if dialect.line_end == "\r" else text).removeprefix("\ufeff").encode()


def _unpacked(path: Path) -> bytes:
    with unpacked(path) as file:
        return file.read()


def _blank(source: Path | bytes, dialect: Dialect) -> pl.Series:
    """Tell of each record after the first whether it is a blank line."""
    lines, quote = pl.read_lines(source), dialect.quote
    if quote and lines.select((_TEXT.str.count_matches(quote, literal=True) % 2 == 1).any()).item():
        blank = _walked(source, dialect)
    else:
        space = " \t" if dialect.delimiter != "\t" else " "
        blank = lines.select(_TEXT.str.strip_chars(space) == "").to_series()
    # Blank lines before the first record are none of its rows.
    return blank.slice(int(blank.not_().arg_max() or 0) + 1)


def _walked(source: Path | bytes, dialect: Dialect) -> pl.Series:
    """Do the same by a walk through the text: a field may go over lines."""
    text = (source if isinstance(source, bytes) else source.read_bytes()).decode("utf-8-sig")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=dialect.delimiter, quotechar=dialect.quote)
    blank = [not each or (len(each) == 1 and not each[0].strip()) for each in reader]
    return pl.Series(blank, dtype=pl.Boolean)
