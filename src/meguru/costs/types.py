"""What was used, what it costs, and what is left of budgets."""

from __future__ import annotations

from datetime import datetime

import msgspec

from meguru.costs.kind import BudgetSpec


class ResourceUse(msgspec.Struct, frozen=True, kw_only=True):
    """What was used: seconds of processors and accelerators; gigabytes times the time they were held."""

    cpu_seconds: float = 0.0
    gpu_seconds: float = 0.0
    memory_gb_seconds: float = 0.0
    storage_gb_days: float = 0.0

    def __add__(self, other: ResourceUse) -> ResourceUse:
        """Return what was used together."""
        names = self.__struct_fields__
        return ResourceUse(**{name: getattr(self, name) + getattr(other, name) for name in names})


class CostLine(msgspec.Struct, frozen=True, kw_only=True):
    """What one thing, or one person, used and cost.

    `money` is in `unit`, None where a part of it has no price; `kwh` and `co2_kg` likewise, None where no
    power is declared. `runs` are runs of pipelines, `predictions` answered rows; `per_thousand` is the money
    for 1,000 of these. `unmeasured` are steps that ran and could not be measured.
    """

    name: str
    use: ResourceUse
    runs: int = 0
    predictions: int = 0
    unmeasured: int = 0
    money: float | None = None
    unit: str = ""
    per_thousand: float | None = None
    kwh: float | None = None
    co2_kg: float | None = None


class CostReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was used and cost from `since` on, before `until`: the dearest line first, and all together."""

    by: str
    since: datetime
    until: datetime
    lines: list[CostLine]
    total: CostLine
    notes: list[str] = []


class BudgetState(msgspec.Struct, frozen=True, kw_only=True):
    """A budget, what of it is spent since its time began, and whether that was told.

    `is_priced` is False where it is of money and nothing of its project has a price: it limits nothing then.
    """

    name: str
    spec: BudgetSpec
    start: datetime | None = None
    spent: float = 0.0
    warned: bool = False
    exceeded: bool = False
    counted_at: datetime | None = None
    is_priced: bool = True
