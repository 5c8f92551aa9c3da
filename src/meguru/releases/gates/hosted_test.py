"""What a host makes of a test of the project: rows in as lists by column, changed rows out."""

from __future__ import annotations

import io
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import polars as pl

ROWS = "rows"


class HostedTest:
    """The function of a metamorphic test, in the process that runs nothing else.

    Parameters
    ----------
    function
        ``MODULE:FUNCTION`` of the project.
    """

    def __init__(self, function: str) -> None:
        module, _, name = function.partition(":")
        found = getattr(import_module(module), name)
        self._function = getattr(found, "function", found)

    def predict(self, given: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
        """Return the changed rows as an Arrow file."""
        rows = pl.read_ipc(io.BytesIO(bytes(given[ROWS][0])))
        changed = self._function(rows)
        if isinstance(changed, pl.LazyFrame):
            changed = changed.collect()
        if not isinstance(changed, pl.DataFrame):
            message = f"it gives a {type(changed).__name__}, and not the changed rows"
            raise TypeError(message)
        buffer = io.BytesIO()
        changed.write_ipc(buffer)
        return {ROWS: [buffer.getvalue()]}
