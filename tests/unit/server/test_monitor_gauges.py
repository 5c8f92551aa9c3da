"""What monitors found, for Prometheus and for a collector of OpenTelemetry."""

import gzip
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import msgspec
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from meguru.app.nouns import load_operations
from meguru.governance.principals import create_principal
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.members import grant
from meguru.governance.projects.operations import specs
from meguru.governance.tokens import create_token
from meguru.monitoring import store
from meguru.monitoring.run import evaluate
from meguru.monitoring.types import Monitor, Severity
from meguru.server.access import Access
from meguru.server.metrics import metrics
from meguru.server.otlp import OtlpExport
from meguru.testing.contracts.checks import make_rows, make_window

START, END = datetime(2013, 3, 1, tzinfo=UTC), datetime(2013, 4, 1, tzinfo=UTC)
LATER = datetime(2013, 5, 1, tzinfo=UTC)


def monitor(name):
    return Monitor(
        name=name,
        endpoint="delay",
        checks=[{"check": "performance"}, {"check": "psi"}],
        alert_on=[Severity.PERFORMANCE_DROP],
        min_rows=200,
        min_drift_share=0.0,
        created_at=START,
        created_by="me",
    )


@pytest.fixture
def reported(workspace):
    """Two windows of a monitor, the older looked at again last; and a monitor of another project."""
    load_operations()
    good, bad = make_window(make_rows(3000)), make_window(make_rows(3000, skill=-0.5))
    with workspace.db.write() as tx:
        for name in ("watch", "other/watch", "blind"):
            item = monitor(name)
            spec = msgspec.to_builtins(item, builtin_types=(datetime,))
            for field in ("name", "created_at", "created_by"):
                spec.pop(field)
            store.declare(tx, name, spec, at=START, by="me")
        for name, window, start, end, digest in (
            ("watch", bad, END, LATER, "a"),
            ("watch", good, START, END, "b"),
            ("other/watch", good, START, END, "c"),
        ):
            store.add_report(tx, evaluate(monitor(name), window, start, end, LATER, digest))
    return workspace


def scraped(ws, **headers):
    app = Access(Starlette(routes=[Route("/metrics", metrics)]), ws=ws, auth=bool(headers))
    with TestClient(app, base_url="http://127.0.0.1", headers=headers) as client:
        found = text_string_to_metric_families(client.get("/metrics").text)
        return {
            (each.name, *sorted(each.labels.items())): each.value
            for family in found
            for each in family.samples
            if each.name.startswith("meguru_monitor_")
        }


def test_prometheus_reads_the_newest_window_and_not_the_one_looked_at_last(reported):
    found = scraped(reported)
    here = ("monitor", "watch")
    assert found["meguru_monitor_verdict", here, ("verdict", "alert")] == 1
    assert found["meguru_monitor_verdict", here, ("verdict", "ok")] == 0
    assert found["meguru_monitor_rows", here] == 3000
    assert found["meguru_monitor_outcomes_share", here] == 1
    metric = (("metric", "auc"), here)
    values = [found[f"meguru_monitor_metric{end}", *metric] for end in ("_low", "", "_high", "_reference")]
    assert values == sorted(values)
    assert found["meguru_monitor_window_end_timestamp_seconds", here] == LATER.timestamp()
    assert found["meguru_monitor_open_alerts", here] == 0
    assert found["meguru_monitor_breached_findings", here, ("severity", "performance_drop")] == 1
    assert not [key for key in found if ("monitor", "blind") in key]


def test_monitors_of_hidden_projects_are_not_told(reported):
    create_principal(reported, name="anna", role="guest")
    found = scraped(reported, Authorization=f"Bearer {create_token(reported, principal='anna').secret}")
    assert found == {}
    specs.declare(reported, name="other", spec=ProjectSpec())
    grant(reported, name="other", principal="anna", role="viewer")
    seen = scraped(reported, Authorization=f"Bearer {create_token(reported, principal='anna').secret}")
    assert {dict(key[1:])["monitor"] for key in seen} == {"other/watch"}


@pytest.fixture
def collector():
    """A collector that takes OTLP over HTTP; give its address and what it was sent."""
    taken, came = [], threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            taken.append((self.path, ExportMetricsServiceRequest.FromString(body)))
            came.set()
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", taken
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_collector_gets_the_same_numbers(reported, collector):
    address, taken = collector
    ws = reported.with_()
    ws.settings = msgspec.structs.replace(ws.settings, otlp=address)
    export = OtlpExport(ws)
    export.start()
    export.stop()  # it sends a last time
    path, said = taken[-1]
    assert path == "/v1/metrics"
    (resource,) = said.resource_metrics
    about = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert about["service.name"] == "meguru"
    sent = {
        (
            each.name.replace(".", "_"),
            *sorted((one.key, one.value.string_value) for one in point.attributes),
        ): point.as_double
        for scope in resource.scope_metrics
        for each in scope.metrics
        for point in each.gauge.data_points
    }
    assert sent == scraped(reported)


def test_nothing_is_sent_without_an_address(reported, monkeypatch):
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    export = OtlpExport(reported)
    export.start()
    assert export._provider is None
    export.stop()


def test_a_server_starts_and_stops_whatever_is_wrong_with_its_export(reported, monkeypatch):
    ws = reported.with_()
    ws.settings = msgspec.structs.replace(ws.settings, otlp="http://127.0.0.1:1")
    export = OtlpExport(ws)
    monkeypatch.setenv("OTEL_PYTHON_EXPORTER_OTLP_HTTP_CREDENTIAL_PROVIDER", "nobody")
    export.start()
    assert export._provider is None
    monkeypatch.delenv("OTEL_PYTHON_EXPORTER_OTLP_HTTP_CREDENTIAL_PROVIDER")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.2")
    export.start()
    export._provider.shutdown(timeout_millis=1)  # a second time is refused, or it did not get to execute
    export.stop()
    assert export._provider is None
