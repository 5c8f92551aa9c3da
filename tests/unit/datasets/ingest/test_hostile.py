"""Any file of delimited text: read back it equals what a plain reader sees in it, or it was refused."""

from __future__ import annotations

import math
import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random

import polars as pl
import pytest

from meguru.datasets.ingest.convert import convert
from meguru.datasets.ingest.delimited import delimited
from meguru.datasets.types import ReadOptions
from meguru.errors import MeguruError
from meguru.testing.hostile_tables import HostileFile, hostile_file, plain_records


def check(seed: int, folder: Path) -> bool:
    """Check one file; tell whether it was read."""
    random = Random(seed)
    file = hostile_file(random)
    path, target = folder / "x.csv", folder / "made.parquet"
    path.write_bytes(file.content)
    said = ReadOptions(encoding=file.encoding, delimiter=file.delimiter, quote=file.quote)
    try:
        made = convert(path, "csv", path.name, said, target)
    except MeguruError as error:
        with pytest.raises(type(error)):
            delimited(path, path.name, said, target, chunk=random.randint(1, 40))
        return False
    frame = pl.read_parquet(target)
    assert frame.height == made.rows
    by_piece = target.with_name("again.parquet")  # what was read may still look at its file
    again = delimited(path, path.name, said, by_piece, chunk=random.randint(1, 40))
    assert again == made
    assert pl.read_parquet(by_piece).equals(frame)
    expected = _expected(file)
    assert expected is not None, "a plain reader refuses it"
    header, *rows = expected
    assert frame.columns == header
    assert frame.height == len(rows)
    missing = {"", *made.dialect.nulls}
    for column, values in zip(frame, zip(*rows, strict=True), strict=True):
        for value, text in zip(column.to_list(), values, strict=True):
            assert means(value, text, missing), (column.dtype, value, text)
    return True


def _expected(file: HostileFile) -> list[list[str]] | None:
    text = file.content.decode(file.encoding).removeprefix("\ufeff")
    return plain_records(text, file.delimiter, file.quote)


def means(value: object, text: str, missing: set[str]) -> bool:
    """Tell whether a value is what a text says, and is written back as it stands."""
    if text in missing or value is None:
        return text in missing and value is None
    if isinstance(value, bool):
        return text in {str(value), str(value).lower(), str(value).upper()}
    if isinstance(value, float):
        return text in {"nan", "NaN"} if math.isnan(value) else float(text) == value and _same(value, text)
    if isinstance(value, datetime):
        found = datetime.fromisoformat(text)
        return (found.astimezone(UTC) if found.tzinfo else found) == value
    return str(value) == text


def _same(value: float, text: str) -> bool:
    return math.isinf(value) or Decimal(text) == Decimal(repr(value))


def test_what_is_read_equals_what_a_plain_reader_sees(tmp_path):
    read = sum(check(seed, tmp_path) for seed in range(100))
    assert read > 30


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_many_hostile_files(tmp_path):
    """Fifty thousand; ``MEGURU_SOAK_FILES`` says how many instead, ``MEGURU_SOAK_SEED`` from where on."""
    begin = int(os.environ.get("MEGURU_SOAK_SEED", "0"))
    for seed in range(begin, begin + int(os.environ.get("MEGURU_SOAK_FILES", "50000"))):
        try:
            check(seed, tmp_path)
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise
