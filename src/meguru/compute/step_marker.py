"""What a step's process knows of the decorator that made a function a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class MarkedStep:
    """A function that was marked as a step; the process of a step calls what is inside."""

    function: Callable[..., Any]
