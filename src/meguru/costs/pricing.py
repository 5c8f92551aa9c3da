"""From what was used to money, electricity and CO2, by the price list that held then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import NamedTuple

from meguru.base import refs
from meguru.costs.kind import PriceListSpec
from meguru.costs.price_spec import day_of
from meguru.costs.types import ResourceUse

_HOUR = 3600.0
_MONTH_DAYS = 30.0
"""Providers price a gigabyte by the month, of which 30 days are one here, so that each day costs the same."""
_ALWAYS = datetime(1, 1, 1, tzinfo=UTC)


class CostAmount(NamedTuple):
    """What something costs, with its unit; the electricity that it took, in kWh, and the CO2 of that, in kg.

    Power is that of the machines; None where a list declares none.
    """

    money: float
    unit: str
    kwh: float | None
    co2_kg: float | None


def lists_of(known: Mapping[str, PriceListSpec], project: str) -> list[tuple[datetime, PriceListSpec]]:
    """Return the price lists of a project, the oldest first; those of the default project if it has none."""
    mine = [spec for name, spec in known.items() if refs.project_of(name) == project]
    mine = mine or [spec for name, spec in known.items() if not refs.project_of(name)]
    return sorted(((_begin(spec), spec) for spec in mine), key=lambda each: each[0])


def at(lists: list[tuple[datetime, PriceListSpec]], moment: datetime) -> PriceListSpec | None:
    """Return the price list that holds at a moment; None if none does."""
    held = [spec for begin, spec in lists if begin <= moment]
    return held[-1] if held else None


def amount(use: ResourceUse, spec: PriceListSpec) -> CostAmount:
    """Return what a use costs by one price list."""
    hours = {
        "cpu": use.cpu_seconds / _HOUR,
        "gpu": use.gpu_seconds / _HOUR,
        "memory": use.memory_gb_seconds / _HOUR,
    }
    money = (
        hours["cpu"] * spec.cpu_hour
        + hours["gpu"] * spec.gpu_hour
        + hours["memory"] * spec.memory_gb_hour
        + use.storage_gb_days / _MONTH_DAYS * spec.storage_gb_month
    )
    if not (spec.watts_cpu or spec.watts_gpu or spec.watts_memory_gb):
        return CostAmount(money, spec.unit, None, None)
    watt_hours = (
        hours["cpu"] * spec.watts_cpu + hours["gpu"] * spec.watts_gpu + hours["memory"] * spec.watts_memory_gb
    )
    kwh = watt_hours / 1000 * spec.overhead
    return CostAmount(money, spec.unit, kwh, kwh * spec.co2_kg_per_kwh if spec.co2_kg_per_kwh else None)


def _begin(spec: PriceListSpec) -> datetime:
    return datetime.combine(day_of(spec.since), time(), UTC) if spec.since else _ALWAYS
