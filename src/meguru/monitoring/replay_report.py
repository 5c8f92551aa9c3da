"""The answer of a replay (backtest) of a monitor."""

from datetime import datetime
from typing import Any

import msgspec

from meguru.monitoring.types import ReportVerdict


class ReplayedWindow(msgspec.Struct, frozen=True, kw_only=True):
    """What a monitor would have said of a window.

    `began` tells whether an alert would have begun with it, `causes` what rang; `then` is the verdict of the
    report that was made of it, empty where there is none.
    """

    start: datetime
    end: datetime
    rows: int
    model: str
    verdict: ReportVerdict
    began: bool
    causes: list[str]
    reasons: list[str]
    then: str = ""


class MonitorReplay(msgspec.Struct, frozen=True, kw_only=True):
    """What a monitor would have said of the windows that were, by its rules or by changed ones.

    `rang` counts the windows in which it would have rung, `alerts` the stretches of them, `rang_then` those
    in which it did.
    """

    monitor: str
    changes: dict[str, Any]
    windows: list[ReplayedWindow]
    rang: int
    alerts: int
    rang_then: int
