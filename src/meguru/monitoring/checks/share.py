"""What checks of a share have in common: one that rose certainly, and by more than a trifle."""

from __future__ import annotations

from dataclasses import dataclass

from meguru.errors import InvalidInput
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import MonitoredWindow
from meguru.stats.arrays import as_level
from meguru.stats.poisson_rates import max_count_by_chance, rise_p_value


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareOfRows:
    """How many rows of a column have a property, now and in the baseline, of how many."""

    column: str
    count: int
    rows: int
    count_before: int
    rows_before: int

    @property
    def share(self) -> float:
        """The share of now."""
        return self.count / max(self.rows, 1)

    @property
    def before(self) -> float:
        """The share of the baseline."""
        return self.count_before / max(self.rows_before, 1)

    def limit(self, rise: float, level: float) -> float:
        """Return the share above which it certainly rose, and by more than `rise`."""
        chance = max_count_by_chance(self.rows, self.count_before, self.rows_before, level)
        return min(max(self.before + rise, chance / max(self.rows, 1)), 1.0)


def check_share(name: str, value: float) -> None:
    """Refuse a share that nothing is above.

    Raises
    ------
    InvalidInput
        Names the option.
    """
    if not 0 <= value < 1:
        raise InvalidInput(f"{name} must lie between 0 and 1", field=name, why=f"it is {value:g}")


def share_finding(
    key: str, window: MonitoredWindow, found: ShareOfRows, *, rise: float, level: float, label: str
) -> Finding:
    """Say whether a share rose; `label` is what people call it.

    `level` is the chance of a false alarm in this column.
    """
    as_level(level, "alpha")
    limit = found.limit(rise, level)
    breached = found.share > limit
    side = "above" if breached else "within"
    return Finding(
        check=key,
        severity=Severity.DATA_BREAK,
        model=window.model,
        column=found.column,
        says=f"{found.column}: {label} {found.share:.3f} is {side} {limit:.3f}",
        breached=breached,
        statistic=found.share,
        threshold=limit,
        effect=found.share - found.before,
        p_value=rise_p_value(found.count, found.rows, found.count_before, found.rows_before),
        n_reference=found.rows_before,
        n=found.rows,
        floor=rise or None,
    )
