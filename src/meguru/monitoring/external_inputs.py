"""Inputs of checks beside a window's rows: business metrics and service figures, read if a check asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from meguru.business import store, value
from meguru.business.types import BusinessMetric
from meguru.monitoring.checks.options import check_of
from meguru.monitoring.personal import personal_inputs
from meguru.monitoring.service import ServiceWindow, service_of
from meguru.monitoring.types import Monitor
from meguru.monitoring.window import MonitoredWindow
from meguru.storage.blobs import BlobStore


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalInputs:
    """What there is to measure outside of the rows of an endpoint; `state` is all that it depends on."""

    metrics: Sequence[BusinessMetric] = ()
    service: ServiceWindow | None = None
    state: Sequence[object] = ()

    @classmethod
    def of(cls, tx: Connection, monitor: Monitor, start: datetime, end: datetime) -> ExternalInputs:
        """Read what the checks of a monitor look at."""
        wanted = {part for options in monitor.checks for part in check_of(options).reads}
        metrics = store.of_endpoint(tx, monitor.endpoint) if "business" in wanted else []
        service = service_of(tx, monitor.endpoint, start, end) if "service" in wanted else None
        state = value.state_of(tx, metrics)
        # What the digest of a report depends on beside the rows: figures that moved make a new report.
        if service is not None:
            state.append([service.requests, service.errors, service.turned_away, service.busy])
        return cls(metrics=metrics, service=service, state=state)

    def add_to(
        self, tx: Connection, blobs: BlobStore, window: MonitoredWindow, start: datetime, end: datetime
    ) -> MonitoredWindow:
        """Return a window with what was measured, and is known, outside of its rows."""
        found = tuple(value.measure_all(tx, blobs, self.metrics, start, end)) if self.metrics else ()
        personal = personal_inputs(tx, window.model)
        return replace(window, business=found, service=self.service, personal=personal)
