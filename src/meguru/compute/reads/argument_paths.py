"""Texts among values that may name a file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from meguru.compute.graph import Constant, FromParameter, Input, Many

_MAX_LENGTH = 1024
_MAX_VALUES = 100_000
_MAX_DEPTH = 5


def texts_of_inputs(inputs: Iterable[Input], params: Mapping[str, Any]) -> list[str]:
    """Return the texts that a step is given by the pipeline's parameters and body."""
    return list(texts_in(_values(inputs, params)))


def _values(inputs: Iterable[Input], params: Mapping[str, Any]) -> Iterator[Any]:
    for given in inputs:
        if isinstance(given, Constant):
            yield given.value
        elif isinstance(given, FromParameter):
            yield params.get(given.name)
        elif isinstance(given, Many):
            yield from _values(given.items, params)


def texts_in(values: Iterable[Any]) -> Iterator[str]:
    """Yield the texts and paths in plain values, lists and dicts that could name a file."""
    left = _MAX_VALUES
    todo = [(value, 0) for value in values]
    while todo and left:
        value, depth = todo.pop()
        left -= 1
        if isinstance(value, str | Path):
            text = str(value)
            if 0 < len(text) <= _MAX_LENGTH and "://" not in text and text.isprintable():
                yield text
        elif isinstance(value, dict) and depth < _MAX_DEPTH:
            todo += [(one, depth + 1) for one in list(value.values())[:_MAX_VALUES]]
        elif isinstance(value, list | tuple | set | frozenset) and depth < _MAX_DEPTH:
            todo += [(one, depth + 1) for one in list(value)[:_MAX_VALUES]]


def existing_paths(names: Iterable[str], base: str) -> dict[str, bool]:
    """Return the files and folders among some names, by absolute path; True for a folder.

    The folder that the run works in, and those above it, are no data.
    """
    found: dict[str, bool] = {}
    for name in names:
        path = os.path.normpath(os.path.join(base, name))  # noqa: PTH118
        try:
            mode = os.stat(path).st_mode  # noqa: PTH116
        except (OSError, ValueError):
            continue
        if stat.S_ISREG(mode) or (
            stat.S_ISDIR(mode) and not (base + os.sep).startswith(path.rstrip("/") + "/")
        ):
            found[path] = stat.S_ISDIR(mode)
    return found
