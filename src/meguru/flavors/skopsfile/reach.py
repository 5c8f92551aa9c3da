"""All that a model is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np


def reachable(root: Any, closed: Callable[[Any], bool] | None = None) -> Iterable[Any]:
    """Go through an object and all it holds, each once; into what is `closed` it does not look."""
    seen: set[int] = set()
    todo = [root]
    while todo:
        part = todo.pop()
        if id(part) in seen or isinstance(part, str | bytes | int | float | type | None):
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
