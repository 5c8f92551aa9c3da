"""Quantile regression: several levels of what may come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from meguru.errors import InvalidInput
from meguru.tasks.base import SCORE, ModelOutput, RawAnswer, Task, shaped


class Quantile(Task, frozen=True, kw_only=True):
    """Raw answers are ``(rows, levels)``, or ``(rows,)`` when there is one level.

    Attributes
    ----------
    levels
        Probabilities, rising: the model says that the truth lies below with each.
    """

    key: ClassVar[str] = "quantile"
    metrics: ClassVar[tuple[str, ...]] = ("pinball", "coverage", "mae")

    levels: tuple[float, ...] = (0.5,)

    def check(self) -> None:
        """Refuse levels that are no rising probabilities."""
        inside = all(0 < level < 1 for level in self.levels)
        if not self.levels or not inside or list(self.levels) != sorted(set(self.levels)):
            raise InvalidInput(
                "the levels of quantiles rise between 0 and 1",
                field="levels",
                why=f"they are {', '.join(f'{level:g}' for level in self.levels) or 'none'}",
            )

    @property
    def middle(self) -> int:
        """The place of the level nearest to one half."""
        # Of two that are equally near the first, so that the score of a model never changes sides.
        return min(range(len(self.levels)), key=lambda place: abs(self.levels[place] - 0.5))

    def outputs(self) -> tuple[ModelOutput, ...]:
        """Return the middle one as the score, and all by their level."""
        labels = tuple(f"{level:g}" for level in self.levels)
        return (SCORE, ModelOutput(name="quantiles", shape=(len(self.levels),), labels=labels))

    def answer(self, raw: RawAnswer, rows: int) -> dict[str, Any]:
        """Return the score and the quantiles, shape (rows, levels)."""
        if len(self.levels) == 1 and getattr(raw, "shape", None) == (rows,):
            raw = raw.reshape(rows, 1)  # type: ignore[union-attr]
        values = shaped(raw, (rows, len(self.levels)))
        return {"score": values[:, self.middle], "quantiles": values}

    def readings(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Return the score, the quantiles and their levels."""
        quantiles = np.asarray(answer["quantiles"], dtype=np.float64)
        return {"answer": {"score": quantiles[:, self.middle], "quantiles": quantiles}, "levels": self.levels}
