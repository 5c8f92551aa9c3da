"""Outcomes from a file: a table (CSV, Parquet) or an object a line (JSON Lines)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from meguru.errors import InvalidInput, near_misses
from meguru.predictions.types import OutcomeInput

FIELDS = OutcomeInput.__struct_fields__
FORMS = (".csv", ".parquet", ".jsonl")
_A_SLICE = 50_000


def read_outcomes(path: Path, at_most: int) -> Iterator[list[OutcomeInput]]:
    """Read the outcomes of a file in lists of at most so many; rows without a value are left out.

    Raises
    ------
    InvalidInput
        When the file can't be read, or a row of it is no outcome; names the row, from 1 on.
    """
    if path.suffix.lower() not in FORMS:
        raise InvalidInput(f"{path.name} is no file of outcomes", hint=f"one of {', '.join(FORMS)}")
    rows = _lines(path) if path.suffix.lower() == ".jsonl" else _table(path)
    known = (
        _outcome(row, number) for number, row in enumerate(rows, start=1) if row.get("value") is not None
    )
    while some := list(islice(known, at_most)):
        yield some


def _outcome(row: dict[str, Any], number: int) -> OutcomeInput:
    try:
        return msgspec.convert(
            {name: value for name, value in row.items() if value is not None}, OutcomeInput
        )
    except msgspec.ValidationError as error:
        raise InvalidInput(f"row {number} is no outcome", why=str(error), field=f"row {number}") from None


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                row = msgspec.json.decode(line, type=dict[str, Any]) if line.strip() else {}
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise InvalidInput(
                    f"line {number} is no JSON object", where=str(path), why=str(error)
                ) from None
            if row:
                _check_names(list(row), path)
            yield row


def _table(path: Path) -> Iterator[dict[str, Any]]:
    import polars as pl

    try:
        if path.suffix.lower() == ".parquet":
            table = pl.read_parquet(path)
        else:
            table = pl.read_csv(path, infer_schema_length=None)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InvalidInput(f"{path.name} can't be read", where=str(path), why=str(error)[:300]) from error
    _check_names(table.columns, path)
    for part in table.iter_slices(_A_SLICE):
        yield from part.iter_rows(named=True)


def _check_names(names: Sequence[str], path: Path) -> None:
    for name in names:
        if name not in FIELDS:
            close = near_misses(name, FIELDS)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(FIELDS)}"
            raise InvalidInput(f"an outcome has no {name[:80]!r}", where=str(path), hint=hint)
    if "value" not in names:
        raise InvalidInput("there is no column 'value'", where=str(path))
