"""Regression: one number."""

from __future__ import annotations

from typing import ClassVar

from meguru.tasks.base import Task


class Regression(Task, frozen=True, kw_only=True):
    """Raw answers are ``(rows,)``, the predicted value.

    Attributes
    ----------
    unit
        Of the values, for whoever reads a number; such as ``"EUR"``.
    """

    key: ClassVar[str] = "regression"
    metrics: ClassVar[tuple[str, ...]] = ("rmse", "mae", "r2")

    unit: str = ""
