"""Forecasts: a number for a series at a time ahead; each row asks for one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from meguru.errors import InvalidInput
from meguru.tasks.base import Task


class Forecast(Task, frozen=True, kw_only=True):
    """Raw answers are ``(rows,)``: the value of the row's series at the row's time.

    Attributes
    ----------
    series, time, horizon
        The columns that say which series, which time, and how many steps ahead; each may be empty.
    season
        Scalar, count of steps; MASE compares with the value one season before.
    scale
        Scalar, in the unit of the value: the mean error of the seasonal naive forecast on the training
        data, by which MASE divides. 0: not known, and then there is no MASE.
    """

    key: ClassVar[str] = "forecast"
    metrics: ClassVar[tuple[str, ...]] = ("mae", "rmse", "smape", "mase")

    series: str = ""
    time: str = ""
    horizon: str = ""
    season: int = 1
    scale: float = 0.0

    def readings(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Return the score, and the naive forecast's error where it is known."""
        read = super().readings(answer)
        # Without a scale MASE is left out, not infinite.
        return read | ({"scale": np.full(len(read["answer"]["score"]), self.scale)} if self.scale else {})

    def check(self) -> None:
        """Refuse a season that is no number of steps, and a scale that is no size."""
        if self.season < 1:
            raise InvalidInput("a season has at least one step", field="season", why=f"it is {self.season}")
        if not 0 <= self.scale < float("inf"):
            raise InvalidInput("a scale is 0 or more", field="scale", why=f"it is {self.scale:g}")
