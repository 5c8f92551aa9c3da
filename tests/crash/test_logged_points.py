"""Kill a server while several clients log: every call that was acknowledged is there."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.crash
CLIENTS, CALLS = 4, 10_000


@pytest.fixture
def start(tmp_path):
    """Start a server on one folder, as often as it is called; return its address and its process."""
    started = []

    def begin():
        command = [sys.executable, "-m", "meguru", "up", "--workspace", str(tmp_path / "w"), "--port", "0"]
        process = subprocess.Popen(
            [*command, "--exit-with-parent"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        line = next(line for line in process.stderr if "http://" in line)
        return urlsplit("http://" + line.split("http://")[1].strip()), process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def send(connection, method, path, **body):
    connection.request(method, "/api/2.0/mlflow/" + path, json.dumps(body) if body else None)
    response = connection.getresponse()
    answer = json.loads(response.read())
    assert response.status == 200, answer
    return answer


class Client(threading.Thread):
    """Logs one point a call until the server is gone; `kept` is how many calls were acknowledged."""

    def __init__(self, place, run, name, told):
        super().__init__(daemon=True)
        self.http = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
        self.of_run, self.key, self.kept, self.told = run, name, 0, told

    def run(self):
        point = {"run_id": self.of_run, "key": self.key, "value": 0.5, "timestamp": 1}
        try:
            while True:
                send(self.http, "POST", "runs/log-metric", **point, step=self.kept)
                self.kept += 1
                self.told.release()
        except (OSError, http.client.HTTPException):
            self.http.close()


def test_each_of_ten_thousand_acknowledged_calls_is_there_after_a_kill(start):
    place, process = start()
    first = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
    run = send(first, "POST", "runs/create", experiment_id="0")["run"]["info"]["run_id"]
    first.close()
    told = threading.Semaphore(0)
    clients = [Client(place, run, f"k{number}", told) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    for _ in range(CALLS):
        assert told.acquire(timeout=60)
    os.kill(process.pid, signal.SIGKILL)
    for client in clients:
        client.join(timeout=60)
    assert sum(client.kept for client in clients) >= CALLS
    again, _ = start()
    connection = http.client.HTTPConnection(again.hostname, again.port, timeout=60)
    for client in clients:
        found = send(connection, "GET", f"metrics/get-history?run_id={run}&metric_key={client.key}")[
            "metrics"
        ]
        # One more may be there: the call whose answer the kill cut off.
        assert [point["step"] for point in found[: client.kept]] == list(range(client.kept))
        assert len(found) <= client.kept + 1
    newest = send(connection, "GET", f"runs/get?run_id={run}")["run"]["data"]["metrics"]
    assert all(point["step"] >= client.kept - 1 for point, client in zip(newest, clients, strict=True))
    connection.close()
