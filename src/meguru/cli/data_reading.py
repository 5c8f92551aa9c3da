"""What people say of files that they add, and what is told of how they were read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from meguru.errors import UsageError

if TYPE_CHECKING:
    from meguru.datasets.types import DataFile, DatasetVersion, Dialect, ReadOptions

_COLUMNS = 12
_FILES = 10


def options_said(
    *, types: tuple[str, ...], nulls: tuple[str, ...], delimiter: str | None, **others: Any
) -> ReadOptions | None:
    """Return what the options of a command say of files; None if they say nothing."""
    from meguru.datasets.types import ReadOptions

    said = ReadOptions(
        delimiter="\t" if delimiter == "\\t" else delimiter,
        nulls=list(nulls) or None,
        types=dict(_type_said(each) for each in types),
        **others,
    )
    return None if said == ReadOptions() else said


def _type_said(given: str) -> tuple[str, str]:
    column, equals, kind = given.partition("=")
    if not (column and equals and kind):
        hint = "write COLUMN=text, or integer, number, boolean, date, datetime"
        raise UsageError(f"{given!r} says no type", hint=hint, field="type")
    return column, kind


def how_read(made: DatasetVersion, files: list[DataFile]) -> list[str]:
    """Say what was found out about files, once for those that are read alike."""
    dialects = [each.dialect for file in files if (each := file.source or file).dialect]
    if not dialects:
        return []
    shown = ", ".join(f"{each.name} {each.type}" for each in made.columns[:_COLUMNS])
    more = f", and {len(made.columns) - _COLUMNS} more" if len(made.columns) > _COLUMNS else ""
    return list(
        dict.fromkeys([f"columns: {shown}{more}", *(line for each in dialects for line in _found(each))])
    )


def _found(dialect: Dialect) -> Iterator[str]:
    if dialect.sheet:
        yield f"sheet {dialect.sheet!r}"
    if (dialect.delimiter, dialect.encoding) != (",", "utf-8"):
        yield f"fields end with {dialect.delimiter!r}, encoding {dialect.encoding}"
    if dialect.nulls:
        yield f"missing values: an empty field, {', '.join(map(repr, dialect.nulls))}"
    if dialect.blank:
        yield f"{dialect.blank:,} blank lines are no rows"
    for column, why in dialect.kept.items():
        yield f"{column} is text: {why} (else say --type {column}=…)"


def origins(files: list[DataFile]) -> Iterator[str]:
    """Say of each file how it was read."""
    for file in files[:_FILES]:
        origin = file.source
        if origin:
            told = list(_found(origin.dialect)) if origin.dialect else []
            yield f"from {origin.path} ({origin.format}, {origin.size:,} bytes): {file.rows:,} rows"
            yield from (f"  {line}" for line in told)
    if len(files) > _FILES:
        yield f"and {len(files) - _FILES:,} more files"
