"""Anomaly scores: the higher, the stranger."""

from __future__ import annotations

from typing import ClassVar

from meguru.tasks.binary import Binary


class Anomaly(Binary, frozen=True, kw_only=True):
    """Raw answers are ``(rows,)``, no probabilities; an outcome says whether the row was one (1) or not."""

    key: ClassVar[str] = "anomaly"
    metrics: ClassVar[tuple[str, ...]] = ("auc", "pr_auc")
