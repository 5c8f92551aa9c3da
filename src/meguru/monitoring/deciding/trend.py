"""Whether the live model does worse than it did: evidence that adds up over windows."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from meguru.monitoring.checks import MonitorCheck
from meguru.monitoring.checks.performance import Performance
from meguru.monitoring.measured import Estimate, MeasuredMetric, PerformanceTrend
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import MonitoredWindow
from meguru.stats.intervals import normal_quantile

CUSUM_SLACK, CUSUM_LIMIT = 0.5, 8.0
"""The reference value k and the decision interval h of the sum, in standard errors of one window."""
SHEWHART_LIMIT = 4.5
"""A single window that lies so many standard errors below needs no sum."""
MIN_WINDOWS = 7
"""So many windows of a model are seen before it is held against itself: a week of days."""
_MIN_STRENGTH = 0.5
"""Weaker evidence is not worth a word."""
_FLOOR_SHARE = 0.5
"""What is worth an alarm, as a share of what is tolerated below the holdout: its own past is known better."""


def trend_of(checks: Sequence[MonitorCheck], window: MonitoredWindow) -> PerformanceTrend | None:
    """Return how the live model has done up to and with this window; None when nobody knows.

    It is a function of the newest window before that knows of the same model and metric, and of this one.
    Outcomes that don't stand for all rows tell nothing, unless the check of performance judges by them.
    """
    measured_metric = _judged(checks, window)
    before = _before(window, measured_metric)
    if measured_metric is None or measured_metric.estimate is None or window.live is None:
        return before
    error = _error(measured_metric.estimate)
    if not error:
        return before
    trend = before or PerformanceTrend(model=window.live.model, metric=measured_metric.metric)
    return _with(trend, measured_metric, error)


def trend_findings(
    checks: Sequence[MonitorCheck], window: MonitoredWindow, trend: PerformanceTrend | None
) -> list[Finding]:
    r"""Tell whether the live model does worse than it did in the windows before.

    Parameters
    ----------
    checks
        Of the monitor; it needs one of performance, which says what is tolerated.
    window
        The present one.
    trend
        With it, as `trend_of` gives it.

    Notes
    -----
    A window's metric :math:`x_t` with its standard error :math:`s_t` is held against the mean of the windows
    before,

    .. math:: z_t = \frac{\bar x_{t-1} - x_t}{\sqrt{\varphi\,(s_t^2 + s_{\bar x}^2)}}, \qquad
              S_t = \max(0, S_{t-1} + z_t - k - r_t)

    where :math:`\varphi \ge 1` says by how much more than their errors windows differ, as weekdays do, and
    :math:`r_t` is the share of the mean's own error in that of the difference: it is in every score, and must
    not add up. It is breached when :math:`S_t > h` or :math:`z_t > 4.5`, and the metric lies below that mean
    by half of what is tolerated. With k = 0.5 and h = 8 chance alone rings in 1 % of years of days.

    References
    ----------
    Page, E. S. (1954). Continuous inspection schemes. Biometrika 41. Lucas, J. M. (1982). Combined
    Shewhart-CUSUM quality control schemes. J. Qual. Technol. 14. Hawkins, D. M. (1987). Self-starting CUSUM
    charts for location and scale. The Statistician 36.
    """
    check, metric = _performance(checks), _judged(checks, window)
    before = _before(window, metric)
    if check is None or metric is None or metric.estimate is None or trend is None or before is None:
        return []
    if before.windows < MIN_WINDOWS or metric.estimate.n < window.min_rows:
        return []
    floor = _FLOOR_SHARE * check.tolerance_of(metric, before.mean)
    # Statistical evidence alone is not enough: with many rows any trifle is certain. It has to be large, too.
    # What went on while the evidence grew is what has to be large, not the noise of the last window alone.
    gap = trend.behind if trend.sum > CUSUM_LIMIT else _worse_by(metric, before.mean)
    strength = max(trend.sum / CUSUM_LIMIT, trend.score / SHEWHART_LIMIT) if gap > floor else 0.0
    if strength < _MIN_STRENGTH:
        return []
    return [
        Finding(
            check=check.key,
            severity=Severity.PERFORMANCE_DROP,
            model=before.model,
            says=_says(metric, before, trend),
            breached=strength > 1,
            statistic=trend.sum,
            threshold=CUSUM_LIMIT,
            effect=strength,
            floor=1.0,
            n=metric.estimate.n,
        )
    ]


def _says(found: MeasuredMetric, before: PerformanceTrend, trend: PerformanceTrend) -> str:
    value = found.estimate.value if found.estimate else before.mean
    then = f"{before.mean:.3f} of the {before.windows} windows before"
    if trend.sum > CUSUM_LIMIT:
        return f"{found.label} {value:.3f} falls behind {then}: by {trend.behind:.3f} in {trend.run} windows"
    return f"{found.label} {value:.3f} is {trend.score:.1f} standard errors worse than {then}"


def _performance(checks: Sequence[MonitorCheck]) -> Performance | None:
    return next((check for check in checks if isinstance(check, Performance)), None)


def _judged(checks: Sequence[MonitorCheck], window: MonitoredWindow) -> MeasuredMetric | None:
    live, check = window.live, _performance(checks)
    if window.selective and (check is None or check.selective == "unknown"):
        return None
    return live.metrics[0] if live is not None and live.metrics else None


def _before(window: MonitoredWindow, found: MeasuredMetric | None) -> PerformanceTrend | None:
    trend = next(
        (past_window.trend for past_window in reversed(window.past) if past_window.trend is not None), None
    )
    if trend is None or trend.model != window.model or (found is not None and trend.metric != found.metric):
        return None
    return trend


def _with(known: PerformanceTrend, found: MeasuredMetric, error: float) -> PerformanceTrend:
    now = found.estimate.value if found.estimate else math.nan
    score, total, run, behind = 0.0, 0.0, 0, 0.0
    if known.windows >= MIN_WINDOWS:
        # Overdispersion: weekdays differ by more than their standard errors. Below 1 it would be luck.
        spread = max(1.0, known.spread / (known.windows - 1))
        both = math.hypot(error, known.weight**-0.5)
        score = _worse_by(found, known.mean) / (math.sqrt(spread) * both)
        # While the mean is of few windows, its own error is in every score: it must not add up.
        slack = CUSUM_SLACK + known.weight**-0.5 / both
        # Capped, so that the sum comes down in days, not months, once the trouble is over.
        total = min(max(0.0, known.sum + score - slack), 1.5 * CUSUM_LIMIT)
        run = known.run + 1 if total else 0
        behind = known.behind + (_worse_by(found, known.mean) - known.behind) / run if run else 0.0
    changed = msgspec.structs.replace(known, score=score, sum=total, run=run, behind=behind)
    if total > CUSUM_LIMIT / 2:
        return changed  # what is perhaps bad already is no measure of what was good
    weight = 1 / error**2
    whole = known.weight + weight
    mean = known.mean + (now - known.mean) * weight / whole
    return msgspec.structs.replace(
        changed,
        windows=known.windows + 1,
        weight=whole,
        mean=mean,
        spread=known.spread + weight * (now - known.mean) * (now - mean),
    )


def _worse_by(found: MeasuredMetric, mean: float) -> float:
    now = found.estimate.value if found.estimate else mean
    return mean - now if found.direction == "higher" else now - mean


def _error(found: Estimate) -> float:
    """Return the standard error that an interval tells; 0 when it has no width."""
    return (found.high - found.low) / (2 * normal_quantile(found.level))
