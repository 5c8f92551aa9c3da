"""What monitors found, sent to a collector by OpenTelemetry's protocol (extra ``otel``).

Switched on by the setting ``otlp``, or by OpenTelemetry's own ``OTEL_EXPORTER_OTLP_ENDPOINT``; its other
variables (headers, interval, resource attributes) hold too.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from meguru.errors import MissingDependency
from meguru.kernel.workspace import Workspace
from meguru.monitoring.gauges import MonitorGauge
from meguru.server.monitor_gauges import ABOUT, monitor_gauges

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, Observation
    from opentelemetry.sdk.metrics import MeterProvider

log = logging.getLogger(__name__)
PREFIX = "meguru.monitor."
VARIABLES = ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
METRICS_PATH = "/v1/metrics"
FRESH_SECONDS = 1.0
"""What was read is good for all gauges of one export."""
STOP_MILLISECONDS = 3000


class OtlpExport:
    """Sends the gauges of monitors again and again while a server runs; nothing without an address.

    A collector that is away is told in the log, and harms nothing.
    """

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._known: dict[str, list[MonitorGauge]] = {}
        self._provider: MeterProvider | None = None

    def start(self) -> None:
        """Begin, if there is an address; without the extra, or where it can't, it says so in the log."""
        if not self._ws.settings.otlp and not any(os.environ.get(each) for each in VARIABLES):
            return
        try:
            self._provider = self._begun()
        except MissingDependency as error:
            log.warning("nothing is sent by OTLP: %s; %s", error.what, error.hint)
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            log.warning("nothing is sent by OTLP: %s", error)

    def stop(self) -> None:
        """Send a last time, and end."""
        if self._provider is not None:
            try:
                self._provider.shutdown(timeout_millis=STOP_MILLISECONDS)
            except Exception:  # it raises no other; what runs beside must still be drained
                log.exception("the last numbers were not sent by OTLP")
            self._provider = None

    def _begun(self) -> MeterProvider:
        try:
            from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
            from opentelemetry.sdk.metrics import MeterProvider
            from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
            from opentelemetry.sdk.resources import Resource
        except ImportError as error:
            raise MissingDependency.of("otel", str(error.name)) from error
        about = {"service.name": "meguru", "service.instance.id": f"{socket.gethostname()}-{os.getpid()}"}
        exporter = OTLPMetricExporter(endpoint=_address(self._ws.settings.otlp))
        provider = MeterProvider(
            [PeriodicExportingMetricReader(exporter)],
            Resource.create(about | _named()),
            shutdown_on_exit=False,
        )
        meter = provider.get_meter("meguru")
        for name, description in ABOUT.items():
            meter.create_observable_gauge(f"{PREFIX}{name}", [self._observed(name)], description=description)
        return provider

    def _observed(self, name: str) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def observe(_: CallbackOptions) -> Iterable[Observation]:
            from opentelemetry.metrics import Observation

            return [
                Observation(gauge.value, {"monitor": gauge.monitor, **gauge.labels})
                for gauge in self._gauges().get(name, [])
            ]

        return observe

    def _gauges(self) -> dict[str, list[MonitorGauge]]:
        with self._lock:
            if time.monotonic() - self._read_at > FRESH_SECONDS:
                found: dict[str, list[MonitorGauge]] = {}
                for gauge in monitor_gauges(self._ws, None):
                    found.setdefault(gauge.name, []).append(gauge)
                self._known, self._read_at = found, time.monotonic()
            return self._known


def _address(given: str) -> str | None:
    """Return where metrics go; None: as OpenTelemetry's variables say."""
    if not given:
        return None
    return given if given.endswith(METRICS_PATH) else given.rstrip("/") + METRICS_PATH


def _named() -> dict[str, str]:
    """Return the service's name as OpenTelemetry's variable says, which goes before ours."""
    name = os.environ.get("OTEL_SERVICE_NAME", "")
    return {"service.name": name} if name else {}
