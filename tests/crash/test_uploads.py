"""Kill a server in the middle of an upload in parts: what was acknowledged is there, nothing half is."""

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

from meguru.app.open import open_local
from meguru.artifacts.uploads.expiry import sweep
from meguru.artifacts.uploads.types import LIFETIME
from meguru.base.clock import FixedClock, SystemClock

pytestmark = pytest.mark.crash
PART = os.urandom(4 << 20)
COUNT = 6
FOLDER = "elsewhere"


class Server:
    """A server on one folder that is killed and started again."""

    def __init__(self, folder):
        self.folder = folder

    def start(self):
        command = [sys.executable, "-m", "meguru", "up", "--workspace", str(self.folder), "--port", "0"]
        self.process = subprocess.Popen(
            [*command, "--exit-with-parent"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        line = next(line for line in self.process.stderr if "http://" in line)
        self.place = urlsplit("http://" + line.split("http://")[1].strip())

    def kill(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.communicate()

    def ask(self, method, address, body=None, **fields):
        connection = http.client.HTTPConnection(self.place.hostname, self.place.port, timeout=60)
        way = f"/api/2.0/mlflow-artifacts/{address}"
        connection.request(method, way, json.dumps(fields) if fields else body)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, answer.headers, data

    def declare(self):
        body = {"path": "model.bin", "num_parts": COUNT}
        return json.loads(self.ask("POST", f"mpu/create/{FOLDER}", **body)[2])["upload_id"]

    def send(self, upload, number):
        status, headers, _ = self.ask("PUT", f"mpu/parts/{upload}/{number}", PART)
        assert status == 200
        return headers["ETag"]

    def complete(self, upload, tags):
        parts = [{"part_number": number, "etag": tag} for number, tag in enumerate(tags, 1)]
        return self.ask("POST", f"mpu/complete/{FOLDER}", path="model.bin", upload_id=upload, parts=parts)[0]


@pytest.fixture
def server(tmp_path):
    made = Server(tmp_path / "w")
    made.start()
    yield made
    made.kill()


def swept(folder):
    """Return what is left of uploads a day later: parts, drafts and rows."""
    with open_local(folder) as ws:
        ws.clock = FixedClock(SystemClock().now() + 2 * LIFETIME)
        sweep(ws)
        ws.blobs.drop_drafts(ws.clock.now().timestamp())
        with ws.read() as tx:
            rows = [tx.exec_driver_sql(f"SELECT * FROM {name}").all() for name in ("upload", "upload_part")]
        files = [each for name in ("parts", "tmp") for each in (ws.blobs.folder / name).rglob("*")]
    return [*rows[0], *rows[1], *files]


def test_acknowledged_parts_are_there_after_a_kill_and_make_the_file(server):
    upload = server.declare()
    tags = [server.send(upload, number) for number in range(1, COUNT)]
    server.kill()
    server.start()
    tags.append(server.send(upload, COUNT))
    assert server.complete(upload, tags) == 200
    assert server.ask("GET", f"artifacts/{FOLDER}/model.bin")[2] == PART * COUNT


@pytest.mark.parametrize(
    "delays",
    [
        pytest.param((0.0, 0.005, 0.04), id="some"),
        pytest.param((0.0, 0.002, 0.005, 0.01, 0.02, 0.04, 0.08), id="all", marks=pytest.mark.soak),
    ],
)
def test_killed_at_any_moment_an_upload_is_whole_or_can_be_completed_or_is_swept(server, delays):
    """Kill while parts come and while they are put together; what was begun is always finished or gone."""
    for delay in delays:
        upload = server.declare()
        tags = [server.send(upload, number) for number in range(1, COUNT + 1)]
        told = []

        def finish(upload=upload, tags=tags, told=told):
            try:
                told.append(server.complete(upload, tags))
            except (OSError, http.client.HTTPException):
                told.append(None)

        thread = threading.Thread(target=finish)
        thread.start()
        thread.join(delay)
        server.kill()
        thread.join()
        server.start()
        assert server.complete(upload, tags) == 200
        assert server.ask("GET", f"artifacts/{FOLDER}/model.bin")[2] == PART * COUNT
        assert server.ask("DELETE", f"artifacts/{FOLDER}/model.bin")[0] == 200
    assert swept(server.folder) == []


def test_parts_cut_off_by_a_kill_leave_nothing_that_lasts(server):
    upload = server.declare()
    connection = http.client.HTTPConnection(server.place.hostname, server.place.port, timeout=60)
    connection.putrequest("PUT", f"/api/2.0/mlflow-artifacts/mpu/parts/{upload}/1")
    connection.putheader("Content-Length", str(len(PART)))
    connection.endheaders()
    connection.send(PART[: 2 << 20])
    server.send(upload, 2)
    server.kill()
    connection.close()
    assert swept(server.folder) == []
    server.start()
    assert server.complete(upload, ["x"] * COUNT) == 404
