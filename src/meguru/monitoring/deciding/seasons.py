"""Seasonality: drift is compared with earlier windows, of the same hour, weekday or time of the year."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import reduce
from operator import add
from typing import NamedTuple

from meguru.monitoring.checks import MonitorCheck
from meguru.monitoring.deciding.rules import Season
from meguru.monitoring.deciding.significance import strength_of
from meguru.monitoring.types import CauseState, Finding
from meguru.monitoring.window import ComparedColumn, MonitoredWindow, PastWindow

_HOUR, _DAY, _WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
TRAILING = 14
"""So many windows just before are one baseline."""
WEEKS, DAYS = 4, 7
_A_YEAR_OF_WEEKS = 52 * _WEEK
"""The same weekday a year ago."""
_A_YEAR = timedelta(days=365)


class SeasonFinding(NamedTuple):
    """What a baseline of earlier windows says of a drift that was found against the training data."""

    season: Season
    windows: int
    finding: Finding

    @property
    def words(self) -> str:
        """Say it as a part of the finding's sentence."""
        finding, name = self.finding, _NAMES[self.season].format(count=self.windows)
        value, limit = finding.statistic or 0.0, finding.threshold or 0.0
        beyond = "above" if finding.breached else "within"
        return f"against {name} {value:.3f} is {beyond} {limit:.3f}"


_NAMES: dict[Season, str] = {
    "trailing": "the {count} windows before",
    "day": "the same hour of {count} days before",
    "week": "the same weekday of {count} weeks before",
    "year": "the same time last year",
}


def moments_of(season: Season, start: datetime, end: datetime) -> list[datetime]:
    """Return moments of the past whose windows make a season's baseline; none where it has no meaning.

    A day has seasons of the hour only for windows of an hour or so, and a week has weekdays only for windows
    of a day or less. Those of `trailing` are just before, whenever that was.
    """
    middle, length = start + (end - start) / 2, end - start
    if season == "day":
        return [middle - n * _DAY for n in range(1, DAYS + 1)] if length <= _DAY / 2 else []
    if season == "week":
        return [middle - n * _WEEK for n in range(1, WEEKS + 1)] if length <= _DAY * 1.5 else []
    if season == "year":
        if length > _DAY * 1.5:
            return [middle - _A_YEAR]
        return [middle - _A_YEAR_OF_WEEKS + n * _WEEK for n in (-1, 0, 1)]
    return []


def windows_of(
    season: Season, past: Sequence[PastWindow], start: datetime, end: datetime
) -> list[PastWindow]:
    """Return the earlier windows that make a season's baseline."""
    earlier = [window for window in past if window.end <= start]
    if season == "trailing":
        return earlier[-TRAILING:]
    moments = moments_of(season, start, end)
    return [window for window in earlier if any(window.start <= moment < window.end for moment in moments)]


def compare_with_seasons(
    finding: Finding, check: MonitorCheck, window: MonitoredWindow, seasons: Sequence[Season]
) -> list[SeasonFinding]:
    """Hold a drift finding against each season of which there are counts.

    The same check compares the window with those earlier windows together. Windows in which this very
    finding stood out already are left out of all but last year's: else what lasts would hide itself.
    """
    column = next((each for each in window.columns if each.name == finding.column), None)
    if column is None or window.start is None or window.end is None:
        return []
    said = []
    for season in seasons:
        known = windows_of(season, window.past, window.start, window.end)
        # A drift that lasts would become its own baseline, and silence itself; not so that of a year ago.
        if season != "year":
            known = [each for each in known if not _stood_out(each, finding)]
        counts = [each for one in known for each in _same_column(one, column)]
        if not counts:
            continue
        # Pooled over the windows, so that the noise of the baseline is small beside that of the window.
        then = reduce(add, (count.now for count in counts))
        compared_column = dataclasses.replace(column, then=then)
        alone = dataclasses.replace(window, columns=(compared_column,), past=())
        found = next((each for each in check.evaluate(alone) if each.column == column.name), None)
        if found is not None:
            said.append(SeasonFinding(season, len(counts), found))
    return said


def unknown_seasons(
    said: Sequence[SeasonFinding], seasons: Sequence[Season], window: MonitoredWindow
) -> list[Season]:
    """Return the seasons without which nobody can tell whether drift is one.

    Windows of a day or less have to be held against the same weekday; longer ones against any before them, as
    nobody has years to wait.
    """
    if window.start is None or window.end is None or not seasons:
        return []
    known = {finding.season for finding in said}
    if "week" in seasons and moments_of("week", window.start, window.end):
        return [] if "week" in known else ["week"]
    return [] if known else list(seasons)


def min_strength(strength: float | None, said: Sequence[SeasonFinding]) -> float | None:
    """Return how large a drift is beyond every baseline."""
    held = [strength_of(season_finding.finding) for season_finding in said]
    numbers = [each for each in (strength, *held) if each is not None]
    return min(numbers) if numbers else None


def _stood_out(past: PastWindow, finding: Finding) -> bool:
    rang = (
        cause.seen
        and cause.state is CauseState.RINGING
        and (cause.severity, cause.what) == (finding.severity, finding.column)
        for cause in past.causes
    )
    found = (
        each.beyond_seasons is True and (each.severity, each.column) == (finding.severity, finding.column)
        for each in past.findings
    )
    return any(rang) or any(found)


def _same_column(past: PastWindow, column: ComparedColumn) -> Iterator[ComparedColumn]:
    for compared_column in past.columns:
        if (
            compared_column.name == column.name
            and compared_column.now.bins.shape == column.now.bins.shape
            and compared_column.now.count
        ):
            yield compared_column
