"""Evaluate a monitor."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

import msgspec

from meguru.base.durations import seconds
from meguru.kernel.operations import Context
from meguru.monitoring.operations import run, show
from meguru.triggers.actions.base import Occasion, Started
from meguru.triggers.actions.job import enqueue_operation
from meguru.triggers.actions.placeholders import moment_of


class EvaluateMonitor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"evaluate": "delay-watch", "last": "1d"}``: the predictions of the time before."""

    key: ClassVar[str] = "evaluate"
    names: ClassVar[dict[str, tuple[str, str]]] = {"evaluate": ("monitor", "monitor:run")}
    needs: ClassVar[tuple[str, ...]] = ()
    exclusive: ClassVar[bool] = True

    evaluate: str
    last: str = "1d"

    def check(self, ctx: Context) -> None:
        """Refuse a monitor that nobody has, and what is no length of time."""
        show(ctx, name=self.evaluate)
        seconds(self.last, field="action.last")

    def start(self, ctx: Context, occasion: Occasion) -> Started:
        """Promise the evaluation."""
        end = moment_of(ctx, occasion)
        begin = end - timedelta(seconds=seconds(self.last, field="action.last") or 0)
        return enqueue_operation(ctx, occasion, run, {"name": self.evaluate, "start": begin, "end": end})
