"""Regression with an interval: a number, and between which two it lies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from meguru.errors import InvalidInput
from meguru.tasks.base import SCORE, ModelOutput, RawAnswer, Task, shaped


class IntervalTask(Task, frozen=True, kw_only=True):
    """Raw answers are ``(rows, 3)``: the value, and the lower and upper end of its interval.

    Attributes
    ----------
    level
        Scalar, probability; how often the truth is said to lie within.
    """

    key: ClassVar[str] = "interval"
    metrics: ClassVar[tuple[str, ...]] = ("rmse", "mae", "coverage", "width")

    level: float = 0.9

    def check(self) -> None:
        """Refuse a level that is no probability."""
        if not 0 < self.level < 1:
            raise InvalidInput("a level lies between 0 and 1", field="level", why=f"it is {self.level:g}")

    def outputs(self) -> tuple[ModelOutput, ...]:
        """Return the score and both ends."""
        return (SCORE, ModelOutput(name="low"), ModelOutput(name="high"))

    def answer(self, raw: RawAnswer, rows: int) -> dict[str, Any]:
        """Return the three columns by name."""
        values = shaped(raw, (rows, 3))
        return {"score": values[:, 0], "low": values[:, 1], "high": values[:, 2]}

    def readings(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Return the three columns, and the levels of both ends."""
        columns = {name: np.asarray(answer[name], dtype=np.float64) for name in ("score", "low", "high")}
        tail = (1 - self.level) / 2
        return {"answer": columns, "levels": (tail, 1 - tail)}
