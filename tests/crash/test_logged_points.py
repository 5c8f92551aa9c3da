"""Kill a server while clients log in every way: each call that was acknowledged is there, and whole."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from urllib.parse import quote, urlsplit

import pytest

pytestmark = [pytest.mark.crash, pytest.mark.timeout(900)]
CALLS = int(os.environ.get("MEGURU_CRASH_CALLS", "10000"))
"""So many are acknowledged before the kill in a soak; otherwise some."""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def place(request, tmp_path):
    """Give the kind of the database, and where the workspace is."""
    if request.param == "sqlite":
        return request.param, str(tmp_path / "w")
    return request.param, request.getfixturevalue("postgres_url")


@pytest.fixture
def start(place, tmp_path):
    """Start a server on one workspace, as often as it is called; return its address and its process."""
    started = []

    def begin():
        command = [sys.executable, "-m", "meguru", "up", "--workspace", place[1], "--port", "0"]
        process = subprocess.Popen(
            [*command, "--exit-with-parent"],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"MEGURU_BLOBS": str(tmp_path / "blobs")},
        )
        started.append(process)
        line = next(line for line in process.stderr if "http://" in line)
        return urlsplit("http://" + line.split("http://")[1].strip()), process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


class Caller:
    """One kept connection to a server."""

    def __init__(self, place):
        self.http = http.client.HTTPConnection(place.hostname, place.port, timeout=60)

    def __call__(self, method, path, **body):
        self.http.request(method, "/api/2.0/mlflow/" + path, json.dumps(body) if body else None)
        response = self.http.getresponse()
        answer = json.loads(response.read())
        assert response.status == 200, answer
        return answer

    def new_run(self):
        return self("POST", "runs/create", experiment_id="0")["run"]["info"]["run_id"]

    def data(self, run):
        """Return what a run has: its points' newest steps, params and tags, by their keys."""
        found = self("GET", f"runs/get?run_id={run}")["run"]["data"]
        steps = {each["key"]: each["step"] for each in found["metrics"]}
        return steps, *({each["key"]: each["value"] for each in found[kind]} for kind in ("params", "tags"))

    def steps(self, run, key):
        found, token = [], ""
        while True:
            path = f"metrics/get-history?run_id={run}&metric_key={key}&max_results=25000&page_token={token}"
            page = self("GET", path)
            found += [point["step"] for point in page.get("metrics", [])]
            if not (token := quote(page.get("next_page_token", ""))):
                return found


class Client(threading.Thread):
    """Logs in one way until the server is gone; `kept` is how many calls were acknowledged."""

    def __init__(self, place, run, name, told):
        super().__init__(daemon=True)
        self.call, self.of_run, self.key, self.kept, self.told = Caller(place), run, name, 0, told

    def run(self):
        try:
            for number in itertools.count():
                self.log(number)
                self.kept += 1
                self.told.release()
        except (OSError, http.client.HTTPException):
            self.call.http.close()

    def point(self, number, key=""):
        return {"key": key or self.key, "value": 0.5, "timestamp": 1, "step": number}


class Metrics(Client):
    def log(self, number):
        self.call("POST", "runs/log-metric", run_id=self.of_run, **self.point(number))

    def check(self, call):
        found = call.steps(self.of_run, self.key)
        # One more may be there: the call whose answer the kill cut off.
        assert found[: self.kept] == list(range(self.kept))
        assert len(found) <= self.kept + 1


class Batches(Client):
    """A point of each of two metrics, a param and a tag: all of a call is there, or nothing of it."""

    def log(self, number):
        text = {"key": f"{self.key}.{number}", "value": str(number)}
        points = [self.point(number), self.point(number, f"{self.key}.too")]
        self.call("POST", "runs/log-batch", run_id=self.of_run, metrics=points, params=[text], tags=[text])

    def check(self, call):
        _, params, tags = call.data(self.of_run)
        found = call.steps(self.of_run, self.key)
        assert found in (list(range(self.kept)), list(range(self.kept + 1)))
        assert call.steps(self.of_run, f"{self.key}.too") == found
        wanted = {f"{self.key}.{number}": str(number) for number in found}
        assert {key: value for key, value in params.items() if key.startswith(f"{self.key}.")} == wanted
        assert {key: value for key, value in tags.items() if key.startswith(f"{self.key}.")} == wanted


class Params(Client):
    def log(self, number):
        text = {"key": f"{self.key}.{number}", "value": str(number)}
        self.call("POST", "runs/log-parameter", run_id=self.of_run, **text)

    def check(self, call):
        _, params, _ = call.data(self.of_run)
        found = {key: value for key, value in params.items() if key.startswith(f"{self.key}.")}
        assert found.items() >= {(f"{self.key}.{number}", str(number)) for number in range(self.kept)}
        assert len(found) <= self.kept + 1


class Tags(Client):
    """The same tag each time: the last value that was acknowledged is there, or the one after it."""

    def log(self, number):
        self.call("POST", "runs/set-tag", run_id=self.of_run, key=self.key, value=str(number))

    def check(self, call):
        _, _, tags = call.data(self.of_run)
        assert int(tags[self.key]) in {self.kept - 1, self.kept}


class Runs(Client):
    """A run with a tag, which ends."""

    def log(self, number):
        tag = {"key": self.key, "value": str(number)}
        made = self.call("POST", "runs/create", experiment_id="0", tags=[tag])["run"]["info"]["run_id"]
        self.call("POST", "runs/update", run_id=made, status="FINISHED", end_time=1)

    def check(self, call):
        ask = {"experiment_ids": ["0"], "filter": f"tags.{self.key} IS NOT NULL", "max_results": 50_000}
        found = {
            int(tag["value"]): run["info"]["status"]
            for run in call("POST", "runs/search", **ask)["runs"]
            for tag in run["data"]["tags"]
            if tag["key"] == self.key
        }
        assert set(range(self.kept)) <= set(found) <= set(range(self.kept + 1))
        assert {found[number] for number in range(self.kept)} == {"FINISHED"}


@pytest.mark.parametrize("calls", [500, pytest.param(CALLS, marks=pytest.mark.soak)])
def test_each_acknowledged_call_is_there_after_a_kill(place, start, calls):
    where, process = start()
    first, told = Caller(where), threading.Semaphore(0)
    shared = first.new_run()
    kinds = (Metrics, Metrics, Batches, Batches, Params, Tags, Runs)
    clients = [kind(where, shared, f"k{number}", told) for number, kind in enumerate(kinds)]
    clients.append(Metrics(where, first.new_run(), "alone", told))
    first.http.close()
    for client in clients:
        client.start()
    for _ in range(calls):
        assert told.acquire(timeout=60)
    os.kill(process.pid, signal.SIGKILL)
    for client in clients:
        client.join(timeout=60)
    assert sum(client.kept for client in clients) >= calls
    assert all(client.kept for client in clients)
    again = Caller(start()[0])
    for client in clients:
        client.check(again)
    again.http.close()
