"""Types that people declare for columns (``--type price=number``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from meguru.datasets import inference
from meguru.datasets.polars_types import TIMES, TYPES
from meguru.errors import InvalidInput, UsageError, near_misses


def declared_type(column: str, said: str) -> tuple[str, str]:
    """Return the type that a word means, and how its times are written if that is said behind it."""
    word, _, spelling = said.partition(":")
    kind = inference.TYPE_WORDS.get(word.strip().lower(), word if word in TYPES else "")
    if not kind or (spelling and kind not in TIMES):
        close = near_misses(word, list(inference.TYPE_WORDS))
        hint = f"did you mean {close[0]!r}?" if close else f"types are {', '.join(inference.TYPE_WORDS)}"
        raise UsageError(f"there is no type {said[:60]!r}", hint=hint, field=f"read.types.{column}")
    return kind, spelling


def check_columns_exist(said: Iterable[str], columns: Sequence[str]) -> None:
    """Refuse, with near misses, what is said of columns that are not there."""
    for name in said:
        if name not in columns:
            close = near_misses(name, columns)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(columns[:12])}"
            raise InvalidInput(f"there is no column {name!r}", hint=hint, field="read.types")
