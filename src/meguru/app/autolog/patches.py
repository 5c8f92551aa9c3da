"""Attributes that were replaced, and can be given back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from inspect import isfunction
from typing import Any

_MARK = "_followed_by_meguru"


class Patches:
    """What was replaced, where; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._replaced: list[tuple[Any, str, Any, Any]] = []
        self._is_over = False

    def replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Put what `make` makes of an attribute in its place; what is no function, or ours, stays."""
        with self._lock:
            original = vars(owner).get(name)
            if self._is_over or not isfunction(original) or hasattr(original, _MARK):
                return
            ours = make(original)
            setattr(ours, _MARK, True)
            setattr(owner, name, ours)
            self._replaced.append((owner, name, original, ours))

    def add(self, owner: Any, name: str, value: Any) -> None:
        """Put an attribute where there is none."""
        with self._lock:
            if not self._is_over and name not in vars(owner):
                setattr(owner, name, value)
                self._replaced.append((owner, name, None, value))

    def restore(self) -> None:
        """Give back what was replaced; what somebody else replaced meanwhile stays."""
        with self._lock:
            self._is_over = True
            for owner, name, original, ours in reversed(self._replaced):
                if vars(owner).get(name) is not ours:
                    continue
                if original is None:
                    delattr(owner, name)
                else:
                    setattr(owner, name, original)
            self._replaced.clear()
