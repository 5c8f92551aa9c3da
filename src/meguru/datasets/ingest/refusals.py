"""Why a file is refused."""

from __future__ import annotations

from meguru.datasets.types import Format
from meguru.errors import InvalidInput

MEND_QUOTES = "a field with a quote in it is quoted, and the quote doubled; --quote '' if quotes mean nothing"
_WIDTH = "is the file whole? another delimiter is said with --delimiter"


def refused(name: str, why: str, hint: str) -> InvalidInput:
    """Say why a file of delimited text is refused."""
    return InvalidInput(f"{name!r} can't be read as csv", where=name, why=why, hint=hint, field="files")


def wrong_width(name: str, row: int, fields: int, wanted: int) -> InvalidInput:
    """Say that a record has another number of fields than the first."""
    return refused(name, f"row {row} has {fields} fields, and the first line {wanted}", _WIDTH)


def empty(name: str, format: Format) -> InvalidInput:
    """Say that a file has no rows."""
    return unreadable(name, format, "it holds no rows")


def unreadable(name: str, format: Format, why: str) -> InvalidInput:
    """Say why a file can't be used."""
    hint = "is the file whole, and of this format?"
    if "quote" in why or "could not parse" in why or "malformed" in why:
        hint = MEND_QUOTES
    return InvalidInput(f"{name!r} can't be read as {format}", where=name, why=why, hint=hint, field="files")
