"""Whether the service answers: in time, without errors, and all who ask."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from meguru.errors import InvalidInput
from meguru.monitoring.service import ServiceWindow
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import MonitoredWindow
from meguru.registry.lookups import KnownModel
from meguru.stats import wilson
from meguru.stats.relative_histogram import above, quantile


class ServiceCheck(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "service", "errors": 0.01, "slow": 0.2}``: errors, latency and load of the requests.

    It is breached when the lower end of the 95 % interval of a share (Wilson's) is above its limit: of
    requests that failed by our fault above `errors`, of those turned away above `turned_away`, of those that
    took longer than `slow` seconds above 1 - `percentile` (without `slow`, latency is not judged); and when
    the endpoint's threads were at work for more than `occupied` of the time. Fewer than `at_least` such
    requests prove nothing. Requests are counted by the clock of the servers: a window of replayed event times
    has none, and is not judged by them.
    """

    key: ClassVar[str] = "service"
    severities: ClassVar[frozenset[Severity]] = frozenset({Severity.SERVICE_TROUBLE})
    reads: ClassVar[frozenset[str]] = frozenset({"service"})

    errors: float = 0.01
    turned_away: float = 0.01
    slow: float | None = None
    percentile: float = 0.95
    occupied: float = 0.9
    at_least: int = 3

    def check(self) -> None:
        """Refuse shares that are none, and times that are not positive."""
        for name in ("errors", "turned_away", "occupied", "percentile"):
            if not 0 <= getattr(self, name) <= 1:
                why = f"it is {getattr(self, name):g}"
                raise InvalidInput(f"{name} must lie between 0 and 1", field=name, why=why)
        if self.slow is not None and not 0 < self.slow < float("inf"):
            raise InvalidInput("slow is a time in seconds", field="slow", why=f"it is {self.slow:g}")
        if self.at_least < 1:
            raise InvalidInput("at least one request is needed", field="at_least")

    def check_declaration(self, model: KnownModel) -> None:
        """Any model is served."""

    def evaluate(self, window: MonitoredWindow) -> list[Finding]:
        """Compare each share with its limit."""
        seen = window.service
        if seen is None:
            return []
        findings = [
            self._share(window, seen, "errors", "failed", seen.errors, self.errors),
            self._share(window, seen, "turned_away", "were turned away", seen.turned_away, self.turned_away),
        ]
        if self.slow is not None:
            findings.append(self._latency(window, seen, self.slow))
        if seen.occupied is not None:
            findings.append(self._load(window, seen, seen.occupied))
        return findings

    def missing(self, window: MonitoredWindow) -> str:
        """Need enough rows where no request was counted."""
        few = window.service is None and window.rows < window.min_rows
        return f"only {window.rows} rows, and {window.min_rows} are needed" if few else ""

    def _share(
        self, window: MonitoredWindow, seen: ServiceWindow, name: str, verb: str, count: int, limit: float
    ) -> Finding:
        sure = wilson(count, seen.requests)
        beyond = sure.low > limit and count >= self.at_least
        relation = "certainly above" if beyond else "maybe above" if sure.estimate > limit else "within"
        share = f"{_percent(sure.estimate)} of {seen.requests:,} requests"
        return Finding(
            check=self.key,
            severity=Severity.SERVICE_TROUBLE,
            model=window.model,
            column=name,
            says=f"{share} {verb}, {relation} {_percent(limit)}",
            breached=beyond,
            statistic=sure.estimate,
            threshold=limit,
            effect=max(0.0, sure.low - limit),
            n=seen.requests,
        )

    def _latency(self, window: MonitoredWindow, seen: ServiceWindow, slow: float) -> Finding:
        late, allowed = above(seen.latencies, slow), 1 - self.percentile
        sure = wilson(late, seen.requests)
        at, beyond = quantile(seen.latencies, self.percentile), sure.low > allowed and late >= self.at_least
        relation = "certainly above" if beyond else "maybe above" if at > slow else "within"
        return Finding(
            check=self.key,
            severity=Severity.SERVICE_TROUBLE,
            model=window.model,
            column="latency",
            says=f"{self.percentile:.0%} of requests were answered within {_seconds(at)}, "
            f"{relation} {_seconds(slow)}",
            breached=beyond,
            statistic=at,
            threshold=slow,
            effect=max(0.0, at - slow) if beyond else 0.0,
            n=seen.requests,
        )

    def _load(self, window: MonitoredWindow, seen: ServiceWindow, share: float) -> Finding:
        beyond = share > self.occupied
        return Finding(
            check=self.key,
            severity=Severity.SERVICE_TROUBLE,
            model=window.model,
            column="occupied",
            says=f"the endpoint was at work for {share:.0%} of the time, "
            f"{'above' if beyond else 'within'} {self.occupied:.0%}",
            breached=beyond,
            statistic=share,
            threshold=self.occupied,
            effect=max(0.0, share - self.occupied),
            n=seen.requests,
        )


def _percent(share: float) -> str:
    return f"{share:.2%}" if share < 0.1 else f"{share:.0%}"


def _seconds(value: float) -> str:
    return f"{value * 1000:.3g} ms" if value < 1 else f"{value:.3g} s"
