"""All that a model is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import ModuleType, NoneType
from typing import Any

import numpy as np

_NO_PARTS = (str, bytes, int, float, type, ModuleType, NoneType)


def reachable(root: Any, closed: Callable[[Any], bool] | None = None) -> Iterable[Any]:
    """Go through an object and all it holds, each once; into what is `closed` it does not look.

    A module is no part of a model: an object that keeps one (a spline, in some releases of SciPy) would lead
    to everything that is imported.
    """
    seen: set[int] = set()
    todo = [root]
    while todo:
        part = todo.pop()
        if id(part) in seen or isinstance(part, _NO_PARTS):
            continue
        seen.add(id(part))
        yield part
        if closed and closed(part):
            continue
        if isinstance(part, dict):
            todo.extend(part.values())
        elif isinstance(part, list | tuple | set):
            todo.extend(part)
        elif isinstance(part, np.ndarray):
            todo.extend(part.ravel().tolist() if part.dtype == object else [])
        todo.extend(getattr(part, "__dict__", {}).values())
