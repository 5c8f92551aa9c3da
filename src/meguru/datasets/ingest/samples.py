"""Sample records from all parts of a file of delimited text, for a better guess of its types."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from meguru.datasets.delimited.packed import packer
from meguru.datasets.types import Dialect

SAMPLES = 16
SAMPLE = 1 << 17
"""So many bytes a sample."""
_LARGE = 1 << 25
"""A smaller file is looked at whole before anything is written."""


def samples(path: Path, dialect: Dialect, columns: list[str]) -> Iterator[pl.DataFrame]:
    """Yield records from places all over a file, where they can be told from each other."""
    size = path.stat().st_size
    if size <= _LARGE or dialect.encoding != "utf-8" or dialect.line_end != "\n" or packer(path):
        return
    with path.open("rb") as file:
        for number in range(1, SAMPLES + 1):
            file.seek((size - SAMPLE) * number // SAMPLES)
            text = file.read(SAMPLE)
            # Both ends are cut off: a sample begins and ends in the middle of a record.
            begin, end = text.find(b"\n") + 1, text.rfind(b"\n") + 1
            frame = _records(text[begin:end], dialect, columns)
            if frame is not None:
                yield frame


def _records(text: bytes, dialect: Dialect, columns: list[str]) -> pl.DataFrame | None:
    # Within a field that goes over lines, it is not known what a line is.
    if not text or (dialect.quote and dialect.quote.encode() in text):
        return None
    try:
        frame = pl.read_csv(
            text, has_header=False, infer_schema=False, separator=dialect.delimiter, quote_char=None,
            empty_string_is_null=False, new_columns=columns,
        )  # fmt: skip
    except pl.exceptions.PolarsError:
        return None
    return frame if frame.columns == columns else None
