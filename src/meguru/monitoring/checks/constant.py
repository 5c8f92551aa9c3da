"""Whether a column that varied has one value only."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from meguru.datasets.versions.scan import HIDDEN
from meguru.monitoring.checks.base import no_columns
from meguru.monitoring.checks.share import check_share
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import ComparedColumn, MonitoredWindow, PastWindow
from meguru.registry.lookups import KnownModel
from meguru.stats import NumericProfile
from meguru.stats.arrays import as_level
from meguru.stats.poisson_rates import fall_p_value

_MAX_VALUE_LENGTH = 60
"""Values are told up to so many characters."""
_CALENDAR = 366
"""What has more values than a year has days is no part of a date, which short windows hold one of."""


class ConstantColumn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "constant", "share": 0.5, "alpha": 0.01}``: a column that stands still, such as a sensor.

    It is breached when all values are alike, while more than a `share` of the baseline's were others, and
    chance does not make that: with the chance `alpha` of any false alarm in a window. A column that had one
    value in most earlier windows too, such as the month, is as usual. So may be one of few values (a
    weekday) in the first window that is looked at: that is then not known.
    """

    key: ClassVar[str] = "constant"
    severities: ClassVar[frozenset[Severity]] = frozenset({Severity.DATA_BREAK})
    reads: ClassVar[frozenset[str]] = frozenset({"past"})

    share: float = 0.5
    alpha: float = 0.01

    def check(self) -> None:
        """Refuse a share that nothing is above, and an alpha that is no probability."""
        check_share("share", self.share)
        as_level(self.alpha, "alpha")

    def check_declaration(self, model: KnownModel) -> None:
        """Columns of any model can be counted."""

    def evaluate(self, window: MonitoredWindow) -> list[Finding]:
        """Look at every column that varied; one of which nobody knows what is usual is told, not breached."""
        if no_columns(window):
            return []
        varied, odd = self._varied(window)
        names = {each.name for each in odd}
        return [
            self._finding(window, each, stands=stands, unknown=each.name in names) for each, stands in varied
        ]

    def missing(self, window: MonitoredWindow) -> str:
        """Need enough rows, a baseline, and of a constant column of few values the windows before."""
        if why := no_columns(window):
            return why
        names = ", ".join(each.name for each in self._varied(window)[1])
        return f"{names}: one value only, and no earlier window tells if that is usual" if names else ""

    def _varied(
        self, window: MonitoredWindow
    ) -> tuple[list[tuple[ComparedColumn, bool]], list[ComparedColumn]]:
        """Return the columns that varied, with whether each stands still, and those nobody can tell of."""
        columns = [column for column in window.columns if column.then.count > column.then.bins.max(initial=0)]
        level = self.alpha / max(len(columns), 1)
        found = [(column, self._stands(window, column, level)) for column in columns]
        odd = [
            each
            for each, stands in found
            if stands and not _many_values(each) and not _before(window.past, each)
        ]
        return found, odd

    def _stands(self, window: MonitoredWindow, column: ComparedColumn, level: float) -> bool:
        """Tell whether a column is constant by more than chance, and had much else in the baseline."""
        if not _is_constant(window, column):
            return False
        then = column.then.count
        others = then - int(column.then.bins[column.now.bins.argmax()])
        return others / then > self.share and fall_p_value(0, column.now.count, others, then) <= level

    def _finding(
        self, window: MonitoredWindow, column: ComparedColumn, *, stands: bool, unknown: bool
    ) -> Finding:
        most = int(column.now.bins.argmax())
        now, then = column.now.count, column.then.count
        others = now - int(column.now.bins[most])
        others_before = then - int(column.then.bins[most])
        before = _before(window.past, column)
        usual = stands and 2 * sum(before) > len(before)
        breached = stands and not usual and not unknown
        alike = f"{column.name}: one value only, {_value(window, column, most)}" if stands else ""
        share = f"{others_before / then:.3f}"
        said = f"{alike}; {share} of the baseline are others" if breached else alike
        return Finding(
            check=self.key,
            severity=Severity.DATA_BREAK,
            model=window.model,
            column=column.name,
            says=said or f"{column.name} varies",
            breached=breached,
            statistic=others / max(now, 1),
            threshold=0.0,
            effect=others_before / max(then, 1) if breached else 0.0,
            p_value=fall_p_value(others, now, others_before, then),
            n_reference=then,
            n=now,
            floor=self.share or None,
        )


def _is_constant(window: MonitoredWindow, column: ComparedColumn) -> bool:
    """Tell whether all values are in one narrow bin; of one that holds many values the rows must tell."""
    if not column.now.count:
        return False
    place = int(column.now.bins.argmax())
    if column.now.bins[place] < column.now.count:
        return False
    is_wide = place in {0, column.now.bins.size - 1} if column.ordered else place == column.now.bins.size - 1
    if not is_wide:
        return True
    frame = window.frame
    return (
        frame is not None and column.name in frame.columns and frame[column.name].drop_nulls().n_unique() == 1
    )


def _many_values(column: ComparedColumn) -> bool:
    """Tell whether a column certainly had more values than a year has days."""
    if isinstance(column.profile, NumericProfile):
        return int((column.then.bins > 0).sum()) > _CALENDAR
    return column.profile.distinct > _CALENDAR


def _before(past: tuple[PastWindow, ...], column: ComparedColumn) -> list[bool]:
    """Return for each earlier window that looked at the column whether it had one value."""
    found = []
    for window in past:
        findings = [
            finding
            for finding in window.findings
            if (finding.check, finding.column) == (ConstantColumn.key, column.name)
        ]
        if findings:
            found.append(findings[0].statistic == 0)
            continue
        counted = [
            compared_column.now
            for compared_column in window.columns
            if compared_column.name == column.name and compared_column.now.count
        ]
        found += [bool(counts.bins.max() == counts.count) for counts in counted]
    return found


def _value(window: MonitoredWindow, column: ComparedColumn, place: int) -> str:
    """Return what all values are, by the rows if they are there, and else as near as the bins tell."""
    if column.name in window.personal:
        return HIDDEN
    if window.frame is not None and column.name in window.frame.columns:
        values = window.frame[column.name].drop_nulls().unique()
        if len(values) == 1:
            return f"{values[0]:.6g}" if column.ordered else str(values[0])[:_MAX_VALUE_LENGTH]
    profile = column.profile
    if not isinstance(profile, NumericProfile):
        return profile.top[place][0][:_MAX_VALUE_LENGTH] if place < len(profile.top) else "unknown"
    inner = len(profile.counts) - 2
    if place in {0, inner + 1}:
        return f"{'below' if place == 0 else 'above'} {profile.low if place == 0 else profile.high:.4g}"
    width = (profile.high - profile.low) / inner
    return f"about {profile.low + (place - 0.5) * width:.4g}"
