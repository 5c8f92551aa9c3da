"""What a check promises, and what the drift checks share."""

from __future__ import annotations

from typing import ClassVar, Protocol

from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import ComparedColumn, MonitoredWindow
from meguru.registry.lookups import KnownModel
from meguru.stats import DriftResult
from meguru.tasks.base import OUTPUT_PREFIX


class MonitorCheck(Protocol):
    """One way to look at a window: a frozen struct whose fields are its options, all with defaults.

    `evaluate` is pure: the same window gives the same findings, on every machine. It says nothing (an empty
    list) of what it can't judge, such as a window with fewer than `min_rows` rows or without the column it
    needs, and then `missing` says why; a check that judged says nothing is missing.

    `reads` names the costly parts of a window that it looks at: ``rows`` (`MonitoredWindow.frame`), ``past``,
    ``reference`` (rows of the training data).
    """

    key: ClassVar[str]
    severities: ClassVar[frozenset[Severity]]
    reads: ClassVar[frozenset[str]]

    def check(self) -> None:
        """Raise InvalidInput, naming the option, if an option makes no sense."""
        ...

    def check_declaration(self, model: KnownModel) -> None:
        """Raise InvalidInput if this check can never judge such a model."""
        ...

    def evaluate(self, window: MonitoredWindow) -> list[Finding]:
        """Return what this check finds, breached or not."""
        ...

    def missing(self, window: MonitoredWindow) -> str:
        """Return why this check can't judge the window; empty when it can."""
        ...


def drift_finding(
    key: str,
    name: str,
    window: MonitoredWindow,
    column: ComparedColumn,
    result: DriftResult,
    floor: float | None = None,
) -> Finding:
    """Put a drift test's answer into words."""
    beyond = "above" if result.drifted else "within"
    label = column.name
    if column.severity is Severity.PREDICTION_DRIFT:
        label = column.name.removeprefix(OUTPUT_PREFIX).removeprefix("_")
    return Finding(
        check=key,
        severity=column.severity,
        model=window.model,
        column=column.name,
        says=f"{label}: {name} {_plain(result.statistic)} is {beyond} {_plain(result.threshold)}",
        breached=result.drifted,
        statistic=result.statistic,
        threshold=result.threshold,
        effect=result.effect,
        p_value=result.p_value,
        n_reference=result.n_reference,
        n=result.n_current,
        floor=floor,
    )


def _plain(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:,.1f}"


def too_few_rows(window: MonitoredWindow) -> str:
    """Return why the rows prove nothing: there are too few, or too few of the live model; empty when not."""
    if window.rows < window.min_rows:
        return f"only {window.rows} rows, and {window.min_rows} are needed"
    if window.own_rows < window.min_rows:
        return f"only {window.own_rows} rows of {window.model}, and {window.min_rows} are needed"
    return ""


def no_columns(window: MonitoredWindow) -> str:
    """Return why columns can't be compared; empty when they can."""
    if why := too_few_rows(window):
        return why
    if window.columns or window.times:
        return ""
    if window.broken:
        return f"no column can be compared with {window.compared_with}"
    return window.uncompared or f"nothing is known of the data that {window.model} was trained on"
