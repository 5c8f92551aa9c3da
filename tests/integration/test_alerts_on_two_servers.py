"""Two servers on one PostgreSQL: each event counts once, each message is sent once, whoever is killed."""

import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.unit.alerts.conftest import failed

from meguru.alerts.follow import AlertFollower
from meguru.alerts.notifications import show
from meguru.alerts.notifications.deliver import send
from meguru.alerts.notifications.follow import NotificationFollower
from meguru.alerts.notifications.kind import NOTIFICATION, NotificationSpec
from meguru.alerts.notifications.operations import specs
from meguru.alerts.show import list_alerts
from meguru.app.open import open_local
from meguru.base.clock import FixedClock
from meguru.base.plugins import PluginFamily
from meguru.base.settings import load_settings
from meguru.kernel.jobs import Worker
from meguru.kernel.operations import Context
from meguru.kernel.operations.operation import Operation

pytestmark = pytest.mark.integration
HANDLERS = PluginFamily("notification job handler", NOTIFICATION.jobs)


@pytest.fixture
def receiver():
    """A server that notes the ids of what it was sent."""
    ids = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            ids.append(self.headers["Webhook-Id"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/", ids
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def servers(postgres_url, tmp_path):
    clock = FixedClock(datetime(2026, 1, 28, tzinfo=UTC))
    settings = load_settings({}, blobs=str(tmp_path / "blobs"), webhook_private=True, secret_key="k" * 32)
    with (
        open_local(postgres_url, settings=settings, clock=clock) as one,
        open_local(postgres_url, settings=settings, clock=clock) as two,
    ):
        yield one, two, clock


def happen(ws, *given):
    def say(ctx: Context):
        for type, subject, data in given:
            ctx.emit(type, subject, data=data)

    Operation(say, "test.say", "test:write", query=False, evented=True)(ws)


def test_each_event_counts_once_and_each_message_is_sent_once(servers, receiver):
    one, two, _ = servers
    url, ids = receiver
    specs.declare(one, name="oncall", spec=NotificationSpec(to=[f"webhook:{url}"], dedupe=0))
    over = threading.Event()

    def serve(ws):
        followers = AlertFollower(ws), NotificationFollower(ws)
        worker = Worker(ws, HANDLERS, threads=0)
        while not over.is_set():
            for each in followers:
                each.step()
            while (job := worker._claim()) is not None:
                worker._do(job)

    threads = [threading.Thread(target=serve, args=(ws,)) for ws in (one, two)]
    for thread in threads:
        thread.start()
    for number in range(30):
        happen(one if number % 2 else two, failed(f"p{number % 3}", run=f"run-{number}"))
    found = wait_until(lambda: [each.count for each in list_alerts(one).items], lambda seen: sum(seen) == 30)
    sent = wait_until(
        lambda: show.deliveries(one, name="oncall"),
        lambda seen: seen and all(each.state == "taken" for each in seen),
    )
    told = wait_until(lambda: alerts_told(one), lambda seen: len(set(seen)) == 3)
    over.set()
    for thread in threads:
        thread.join()
    assert found == [10, 10, 10]
    assert len(ids) == len(set(ids)) == len(show.deliveries(one, name="oncall"))
    assert len(told) == 3
    assert sent


def test_killed_after_it_was_sent_another_server_sends_it_with_the_same_id(servers, receiver):
    one, two, clock = servers
    url, ids = receiver
    specs.declare(one, name="oncall", spec=NotificationSpec(to=[f"webhook:{url}"]))
    happen(one, failed())
    AlertFollower(one).step()
    assert NotificationFollower(one).step() == 1
    first = Worker(one, HANDLERS, threads=0)
    assert first._claim() is not None
    (waiting,) = show.deliveries(one, name="oncall")
    # It is sent, and the process dies before it has written so: nobody beats for the job any more.
    assert send(one, show.show(one, name="oncall"), waiting).is_taken
    clock.move(timedelta(minutes=1))
    second = Worker(two, HANDLERS, threads=0)
    second._do(second._claim())
    assert ids == [waiting.id, waiting.id]
    assert [each.state for each in show.deliveries(two, name="oncall")] == ["taken"]


def alerts_told(ws):
    return [item["alert"] for each in show.deliveries(ws, name="oncall") for item in each.message["items"]]


def wait_until(look, good):
    import time

    end = time.monotonic() + 60
    while time.monotonic() < end:
        if good(seen := look()):
            return seen
        time.sleep(0.05)
    return look()
