"""Whether as many rows come as usual."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

import msgspec

from meguru.errors import InvalidInput
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import MonitoredWindow, PastWindow
from meguru.registry.lookups import KnownModel
from meguru.stats.arrays import as_level
from meguru.stats.volume import fit_count_band

_MIN_WINDOWS = 3
"""So many earlier windows say what is usual."""
_SLACK = timedelta(hours=1.5)
"""A day's window moves by an hour where clocks do."""


class WindowVolume(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "volume", "factor": 5, "alpha": 0.001}``: the number of rows against earlier windows.

    Those of the same weekday (and hour), if at least three are known, else those of the same hour, else all.
    It is breached when there are more than `factor` times fewer or more than their mean, and chance would
    make that with a probability below `alpha`, as much as they vary among themselves. Nothing, where there
    always was something, is too few. A whole version of a dataset is held against the version that it is
    compared with, and may grow.
    """

    key: ClassVar[str] = "volume"
    severities: ClassVar[frozenset[Severity]] = frozenset({Severity.DATA_BREAK})
    reads: ClassVar[frozenset[str]] = frozenset({"past"})

    factor: float = 5.0
    alpha: float = 0.001

    def check(self) -> None:
        """Refuse a factor that is none, and an alpha that is no probability."""
        if not 1 < self.factor <= 1e6:
            raise InvalidInput("factor must be above 1", field="factor", why=f"it is {self.factor:g}")
        as_level(self.alpha, "alpha")

    def check_declaration(self, model: KnownModel) -> None:
        """Rows of any model can be counted."""

    def evaluate(self, window: MonitoredWindow) -> list[Finding]:
        """Compare the number of rows with what is usual; the first windows have nothing to compare with."""
        if window.reference_rows:
            return [
                self._finding(window, [window.reference_rows] * 2, f"{window.compared_with} has", grows=True)
            ]
        counts = _alike(window)
        if len(counts) < _MIN_WINDOWS:
            return []
        return [self._finding(window, counts, f"{len(counts)} windows before had about", grows=False)]

    def missing(self, window: MonitoredWindow) -> str:
        """Nothing is needed: what is usual comes with time."""
        del window
        return ""

    def _finding(self, window: MonitoredWindow, counts: list[int], who: str, *, grows: bool) -> Finding:
        band, rows = fit_count_band(counts), window.rows
        few, many = band.at_most(rows), band.at_least(rows)
        is_few = rows * self.factor < band.mean and few <= self.alpha
        is_many = not grows and rows > self.factor * band.mean > 0 and many <= self.alpha
        ratio = max(band.mean / (rows + 0.5), 1.0 if grows else rows / (band.mean + 0.5))
        word = "too few" if is_few else "too many" if is_many else "as usual"
        return Finding(
            check=self.key,
            severity=Severity.DATA_BREAK,
            model="",  # however many models answered: what is over is not over of one of them
            says=f"{rows:,} rows, {word}: {who} {band.mean:,.0f}",
            breached=is_few or is_many,
            statistic=float(rows),
            threshold=band.mean * self.factor if is_many else band.mean / self.factor,
            effect=max(0.0, ratio - 1),
            p_value=min(1.0, few if rows < band.mean else many),
            n_reference=round(sum(counts)),
            n=rows,
            floor=self.factor - 1,
        )


def _alike(window: MonitoredWindow) -> list[int]:
    """Return the rows of the earlier windows that are most like this one, the newest last.

    Those that were too few or too many are not usual: a fault that lasts stays one, until no other window is
    looked back at.
    """
    start, end = window.start, window.end
    if start is None or end is None:
        return []
    usual = [past_window for past_window in window.past if not _was_odd(past_window)]
    # The longest period of which enough windows are known: Mondays differ from Sundays more than hours do.
    for period in (timedelta(days=7), timedelta(days=1)):
        found = [past_window.rows for past_window in usual if _in_phase(past_window.start, start, period)]
        if len(found) >= _MIN_WINDOWS and end - start < period:
            return found
    return [past_window.rows for past_window in usual]


def _was_odd(window: PastWindow) -> bool:
    return any(finding.check == WindowVolume.key and finding.breached for finding in window.findings)


def _in_phase(before: datetime, start: datetime, period: timedelta) -> bool:
    rest = (start - before) % period
    return min(rest, period - rest) <= min(_SLACK, period / 16)
