"""What people say of files that they add, and what is told of how they were read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from meguru.errors import UsageError

if TYPE_CHECKING:
    from meguru.datasets.personal.propose import PersonalColumn
    from meguru.datasets.types import ColumnSpec, DataFile, DatasetVersion, Dialect, ReadOptions, Treatment

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


def columns_said(tags: tuple[str, ...], treats: tuple[str, ...]) -> dict[str, ColumnSpec] | None:
    """Return what the options of a command say of columns; None if they say nothing.

    What is treated is personal, also if no tag says so.
    """
    from meguru.datasets.types import ColumnSpec

    found: dict[str, ColumnSpec] = {}
    for given in tags:
        column, tag = _pair(given, "tag", "COLUMN=pii")
        before = found.get(column, ColumnSpec())
        found[column] = ColumnSpec(tags=[*before.tags, tag])
    for given in treats:
        column, how = _pair(given, "treat", "COLUMN=hash, mask, drop or encrypt")
        if how not in {"hash", "mask", "drop", "encrypt"}:
            hint = "write COLUMN=hash, mask, drop or encrypt"
            raise UsageError(f"nothing is treated by {how[:40]!r}", hint=hint, field="treat")
        before = found.get(column, ColumnSpec())
        found[column] = ColumnSpec(tags=before.tags or ["pii"], treat=cast("Treatment", how))
    return found or None


def _pair(given: str, field: str, example: str) -> tuple[str, str]:
    column, equals, value = given.rpartition("=")
    if not (column and equals and value):
        raise UsageError(f"{given!r} says nothing of a column", hint=f"write {example}", field=field)
    return column, value


def looks_personal(found: list[PersonalColumn]) -> Iterator[str]:
    """Propose tags for columns that look like personal data."""
    for each in found:
        why = f"looks like {each.kind}" if each.by_value else f"is called like {each.kind}"
        yield f"{each.column} {why}: --tag {each.column}=pii, or --treat {each.column}=hash"


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
