"""MLflow's protocol on a real server: many clients at once, and points that outlive the server."""

import http.client
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

CLIENTS, BATCHES, POINTS = 64, 3, 100


@pytest.fixture
def start(tmp_path):
    """Start a server on one folder, as often as it is called; return its URL and its process."""
    started = []

    def begin():
        command = [sys.executable, "-m", "meguru", "up", "--workspace", str(tmp_path / "w"), "--port", "0"]
        process = subprocess.Popen(
            [*command, "--exit-with-parent"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        line = next(line for line in process.stderr if "http://" in line)
        return "http://" + line.split("http://")[1].strip(), process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


class Connection:
    """One kept connection."""

    def __init__(self, url):
        place = urlsplit(url)
        self.http = http.client.HTTPConnection(place.hostname, place.port, timeout=60)

    def send(self, method, path, **body):
        self.http.request(method, "/api/2.0/mlflow/" + path, json.dumps(body) if body else None)
        response = self.http.getresponse()
        answer = json.loads(response.read())
        assert response.status == 200, answer
        return answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.close()


def log(url, run, client):
    with Connection(url) as connection:
        for number in range(BATCHES):
            steps = range(number * POINTS, (number + 1) * POINTS)
            points = [{"key": f"k{client}", "value": step, "timestamp": step, "step": step} for step in steps]
            connection.send("POST", "runs/log-batch", run_id=run, metrics=points)


def test_what_was_acknowledged_to_many_clients_is_there_after_a_kill(start):
    url, process = start()
    with Connection(url) as first:
        run = first.send("POST", "runs/create", experiment_id="0")["run"]["info"]["run_id"]
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda client: log(url, run, client), range(CLIENTS)))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    with Connection(start()[0]) as again:
        for client in range(CLIENTS):
            found = again.send("GET", f"metrics/get-history?run_id={run}&metric_key=k{client}")["metrics"]
            assert [point["step"] for point in found] == list(range(BATCHES * POINTS))
        newest = again.send("GET", f"runs/get?run_id={run}")["run"]["data"]["metrics"]
        assert [point["step"] for point in newest] == [BATCHES * POINTS - 1] * CLIENTS


def test_the_server_answers_the_whole_protocol_and_says_what_it_does_not(start):
    with Connection(start()[0]) as connection:
        assert connection.send("GET", "registered-models/search").get("registered_models", []) == []
        connection.http.request("POST", "/api/3.0/mlflow/traces/search", "{}")
        response = connection.http.getresponse()
        assert (response.status, json.loads(response.read())["error_code"]) == (404, "ENDPOINT_NOT_FOUND")
