"""Price lists and budgets, as kinds."""

from __future__ import annotations

from typing import Literal

import msgspec

from meguru.kernel.kinds import (
    Attention,
    Kind,
    Payload,
    Remedy,
    Service,
    Tone,
    Urgency,
    event_type,
    spec_events,
)


class PriceListSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an hour of what is used costs, and how much power it draws.

    Attributes
    ----------
    unit
        Of all prices: ``JPY``, ``EUR``.
    since
        The day (UTC) from which these prices hold, ``2026-04-01``; empty: always. Of several lists of a
        project the newest that holds is taken.
    cpu_hour, gpu_hour, memory_gb_hour
        An hour of one busy processor, of one accelerator that was kept, of a gigabyte of memory.
    storage_gb_month
        A gigabyte that is kept for 30 days.
    watts_cpu, watts_gpu, watts_memory_gb
        The power that each draws.
    overhead
        Power of the building for each watt of the machine (PUE), 1 or more.
    co2_kg_per_kwh
        Of the electricity: a number of the supplier or of the grid.
    """

    unit: str
    since: str = ""
    cpu_hour: float = 0.0
    gpu_hour: float = 0.0
    memory_gb_hour: float = 0.0
    storage_gb_month: float = 0.0
    watts_cpu: float = 0.0
    watts_gpu: float = 0.0
    watts_memory_gb: float = 0.0
    overhead: float = 1.0
    co2_kg_per_kwh: float = 0.0


class BudgetSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much the runs of pipelines may use up in a day, week or month.

    Attributes
    ----------
    limit, of
        So much money (by the price list), hours of processors or hours of accelerators.
    per
        Of which length of time; it begins anew at midnight UTC, on Mondays, or on the first.
    pipelines, people
        Whose: patterns of pipelines' names, and who started the runs; empty: all of its project.
    warn
        At which share of the limit people are told.
    stop
        Whether nothing starts any more at the limit, and what runs is paused.
    """

    limit: float
    of: Literal["money", "cpu_hours", "gpu_hours"] = "money"
    per: Literal["day", "week", "month"] = "month"
    pipelines: list[str] = []
    people: list[str] = []
    warn: float = 0.8
    stop: bool = True


class _Spent(Payload, frozen=True):
    spent: float
    limit: float
    unit: str
    until: str


@event_type(
    "budget.warned",
    label="budget nearly used up",
    sentence="{subject} is nearly used up: {spent} of {limit} {unit}",
    tone=Tone.ODD,
    needs_person=Attention(
        severity=Urgency.INFO,
        answered_by=(Remedy("budget.renewed"), Remedy("budget.updated"), Remedy("budget.exceeded")),
        meaning="{subject} is nearly used up until {until}: {spent} of {limit} {unit}.",
    ),
)
class BudgetWarned(_Spent, frozen=True):
    """What runs have used came near to the limit."""


@event_type(
    "budget.exceeded",
    label="budget used up",
    sentence="{subject} is used up: {spent} of {limit} {unit}",
    tone=Tone.BAD,
    explains=True,
    needs_person=Attention(
        severity=Urgency.WARNING,
        answered_by=(Remedy("budget.renewed"), Remedy("budget.updated")),
        meaning="{subject} is used up until {until}: {spent} of {limit} {unit}.",
    ),
)
class BudgetExceeded(_Spent, frozen=True):
    """What runs have used reached the limit; `stopped` are what was paused or stopped for it."""

    stopped: list[str]


@event_type(
    "budget.renewed", label="budget begun anew", sentence="{subject} has something left again", tone=Tone.GOOD
)
class BudgetRenewed(Payload, frozen=True):
    """Its time began anew, or it was raised: runs may start again, and what was paused may be resumed."""


PRICE_LIST = Kind(
    name="price_list",
    title=("price list", "price lists"),
    tables=("meguru.costs.schema",),
    operations=("meguru.costs.operations",),
    events=spec_events("price_list", PriceListSpec, retired="Nothing is counted by its prices any more."),
    grants={"engineer": ("write",)},
    spec=PriceListSpec,
    spec_store="meguru.costs.price_spec",
    section="prices",
)
BUDGET = Kind(
    name="budget",
    title=("budget", "budgets"),
    events=(
        *spec_events("budget", BudgetSpec, retired="It limits nothing any more."),
        BudgetWarned,
        BudgetExceeded,
        BudgetRenewed,
    ),
    grants={"engineer": ("write",)},
    spec=BudgetSpec,
    spec_store="meguru.costs.budget_spec",
    services=(Service(name="budgets", factory="meguru.costs.keeper:BudgetKeeper"),),
    provides={"run guard": "meguru.costs.guard:check_run", "run cost": "meguru.costs.show:line_of"},
    internal={"watch": "the server counts what runs have used, and stops them at the limit"},
)
