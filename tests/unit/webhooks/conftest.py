"""A receiver of calls, and a workspace whose webhooks may call this machine."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from meguru.app.open import open_workspace
from meguru.base.clock import FixedClock
from meguru.base.plugins import PluginFamily
from meguru.base.settings import load_settings
from meguru.kernel.jobs import Worker
from meguru.mlflow.registry.routes import other_routes
from meguru.server.access import Access
from meguru.webhooks.follow import WebhookFollower
from meguru.webhooks.kind import WEBHOOK

API = "/api/2.0/mlflow"


class Receiver:
    """A server that takes calls, with the statuses that it is told to answer first."""

    def __init__(self):
        self.calls, self.statuses = [], []
        taken = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                taken.calls.append((self.path, dict(self.headers), body))
                self.send_response(taken.statuses.pop(0) if taken.statuses else 200)
                self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(b"taken")

            def log_message(self, *args):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook?a=1"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def bodies(self):
        return [json.loads(body) for _, _, body in self.calls]


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()
    made.thread.join()


@pytest.fixture
def clock(workspace):
    return FixedClock(workspace.clock.now())


@pytest.fixture
def ws(tmp_path, clock):
    settings = load_settings({}, webhook_private=True)
    with open_workspace(tmp_path / "private", settings=settings, clock=clock) as opened:
        yield opened


@pytest.fixture
def client(ws):
    routes = [Mount("/api/2.0", routes=other_routes())]
    with TestClient(
        Access(Starlette(routes=routes), ws=ws, auth=False), base_url="http://127.0.0.1"
    ) as opened:
        yield opened


@pytest.fixture
def settle(ws):
    """Promise the calls of all that happened, and make those that are due."""
    handlers = PluginFamily("webhook job handler", WEBHOOK.jobs)
    follower, worker = WebhookFollower(ws), Worker(ws, handlers, threads=0)

    def run():
        count = follower.step()
        while (job := worker._claim()) is not None:
            worker._do(job)
        return count

    return run


@pytest.fixture
def post(client):
    """Make a call of the protocol that has to be answered well."""

    def send(path, **body):
        answer = client.post(f"{API}/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return send


@pytest.fixture
def make_version(post):
    """Make a registered model with one version."""

    def make(name="m"):
        post("registered-models/create", name=name, tags=[{"key": "a", "value": "b"}], description="d")
        tags = [{"key": "k", "value": "v"}]
        post("model-versions/create", name=name, source="s3://b/m", tags=tags)

    return make
