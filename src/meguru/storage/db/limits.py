"""Columns hold what they declare, on every database: SQLite by itself would store a text of any length."""

from __future__ import annotations

import re
from typing import Any
from weakref import WeakKeyDictionary

from meguru.storage.lengths import check_length

_NUMBER = re.compile(r"_m?\d+$")  # what is added to a column's name to tell its values apart
_limits: WeakKeyDictionary[Any, dict[str, tuple[str, int]]] = WeakKeyDictionary()


def check_lengths(_connection: Any, _cursor: Any, _sql: str, _values: Any, context: Any, _many: bool) -> None:  # noqa: FBT001
    """Refuse a text that is longer than the column it goes to; listens to ``before_cursor_execute``."""
    if not (context.isinsert or context.isupdate) or context.compiled is None:
        return
    compiled = context.compiled
    # SQLAlchemy caches compiled statements: the columns of each are found once, and forgotten with it.
    limits = _limits.get(compiled)
    if limits is None:
        limits = _limits[compiled] = _find(compiled)
    for row in context.compiled_parameters:
        for name, (column, most) in limits.items():
            value = row.get(name)
            if isinstance(value, str):
                check_length(column, value, most)


def _find(compiled: Any) -> dict[str, tuple[str, int]]:
    found = {}
    for bound, name in compiled.bind_names.items():
        most = getattr(bound.type, "length", None)
        if most:
            found[name] = (_NUMBER.sub("", name), most)
    return found
