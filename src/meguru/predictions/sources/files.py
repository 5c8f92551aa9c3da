"""The file formats of outcomes and feedback, and their readers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from meguru.errors import InvalidInput
from meguru.predictions.sources import tables, text
from meguru.predictions.sources.rows import Row, SourceColumns

Form = Literal["json", "jsonl", "csv", "parquet", "arrow"]
_READERS: Mapping[Form, Callable[[Path, SourceColumns, str], Iterator[tuple[int, Row]]]] = {
    "json": text.read_json,
    "jsonl": text.read_lines,
    "csv": text.read_csv,
    "parquet": tables.read_parquet,
    "arrow": tables.read_arrow,
}
FORMS: Mapping[str, Form] = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".ipc": "arrow",
    ".feather": "arrow",
}
"""By the end of a file's name."""


def form_of(path: Path) -> Form:
    """Return how a file is read, by its name."""
    found = FORMS.get(path.suffix.lower())
    if found is None:
        raise InvalidInput(
            f"{path.name} can't be read: its name does not say what it is", hint=f"one of {', '.join(FORMS)}"
        )
    return found


def read_file(path: Path, form: Form, columns: SourceColumns, *, name: str = "") -> Iterator[tuple[int, Row]]:
    """Give the rows of a file, each with its number from 1 on; `name` stands for the path in messages.

    Raises
    ------
    InvalidInput
        When the file can't be read, or a column is unknown; names the row where it is one's.
    """
    return _READERS[form](path, columns, name or str(path))
