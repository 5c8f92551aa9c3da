"""How long a text may be where it is kept."""

from __future__ import annotations

from meguru.errors import InvalidInput


def check_length(column: str, value: str, most: int) -> None:
    """Refuse a text that is longer than its column."""
    if len(value) > most:
        raise InvalidInput(
            f"{column} is too long: {value[:60]!r}…",
            why=f"it has {len(value):,} characters, and at most {most} are kept",
            field=column,
        )
