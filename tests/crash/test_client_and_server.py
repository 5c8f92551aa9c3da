"""The client is killed, or its server is: what was logged is there, once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import msgspec
import pytest

from meguru.app.run_api import run
from meguru.kernel.remote import RemoteWorkspace
from meguru.testing.processes import free_ports
from meguru.tracking.operations import artifacts, list_runs, metric, show

pytestmark = pytest.mark.crash
PROGRAM = textwrap.dedent(
    """
    import sys
    from itertools import count
    from meguru import run

    with run("train", workspace=sys.argv[1]) as r:
        print(r.id, flush=True)
        for step in count():
            r.log(loss=step / 7, step=step)
            if step % 1000 == 0:
                print(step, flush=True)
    """
)


class Server:
    """A server on one folder and port, that can be killed and started again."""

    def __init__(self, folder, port):
        self.folder, self.port, self.process = folder, port, None
        self.url = f"http://127.0.0.1:{port}"

    def start(self):
        command = [sys.executable, "-m", "meguru", "up", "-w", str(self.folder), "--port", str(self.port)]
        self.process = subprocess.Popen(
            [*command, "--exit-with-parent"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert any("http://" in line for line in self.process.stderr)

    def kill(self):
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("MEGURU_SPOOL", str(tmp_path / "spool"))
    monkeypatch.setenv("MEGURU_NO_CAPTURE", "true")
    server = Server(tmp_path / "w", free_ports(1)[0])
    server.start()
    yield server
    server.kill()


def sync(url):
    done = subprocess.run(
        [sys.executable, "-m", "meguru", "runs", "sync", "-w", url, "--json"],
        capture_output=True,
        check=False,
    )
    return done.returncode, msgspec.json.decode(done.stdout)["items"]


def steps(ws, identity, key):
    found, after = [], ""
    while True:
        page = metric(ws, run=identity, key=key, after=after)
        found += [point.step for point in page.items]
        after = page.next_cursor
        if not after:
            return found


def killed_client(url, lines):
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, url], stdout=subprocess.PIPE, text=True)
    identity = process.stdout.readline().strip()
    logged = [int(process.stdout.readline()) for _ in range(lines)][-1]
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    return identity, logged


@pytest.mark.parametrize("lines", [1, pytest.param(20, marks=pytest.mark.soak)])
def test_what_a_killed_client_logged_is_sent_by_a_later_process_and_is_there_once(server, lines):
    identity, logged = killed_client(server.url, lines)
    code, told = sync(server.url)
    assert (code, [(each["run"], each["state"]) for each in told]) == (0, [(identity, "sent")])
    assert sync(server.url) == (0, [])
    with RemoteWorkspace(server.url) as ws:
        found = steps(ws, identity, "loss")
        assert found == list(range(len(found)))
        assert len(found) > logged
        ended = show(ws, run=identity)
    assert (ended.state, ended.error) == ("failed", "its process died")


def test_the_next_run_sends_what_a_killed_one_left(server):
    identity, logged = killed_client(server.url, 2)
    with run("next", workspace=server.url) as r:
        while show(r._session.ws, run=identity).state == "running":
            r.log(waiting=1)
    with RemoteWorkspace(server.url) as ws:
        assert len(steps(ws, identity, "loss")) > logged


def test_a_server_that_is_killed_and_comes_back_has_every_point_once(server, tmp_path):
    (tmp_path / "notes.txt").write_text("n")
    with run("train", workspace=server.url) as r:
        for step in range(20_000):
            r.log(loss=step / 7, step=step)
            if step == 7000:
                r.flush()
                server.kill()
            if step == 13_000:
                r.param(depth=3)
                r.artifact(tmp_path / "notes.txt")
        server.start()
    with RemoteWorkspace(server.url) as ws:
        found = show(ws, run=r.id)
        assert (found.state, found.params) == ("succeeded", {"depth": "3"})
        assert steps(ws, r.id, "loss") == list(range(20_000))
        assert [file.path for file in artifacts(ws, run=r.id)] == ["notes.txt"]


def test_a_server_that_was_never_there_gets_the_whole_run_later(server, monkeypatch):
    from meguru.tracking import session

    monkeypatch.setattr(session, "EXIT_SECONDS", 0.0)
    server.kill()
    with run("train", params={"depth": 3}, workspace=server.url) as r:
        for step in range(3000):
            r.log(loss=step, step=step)
        r.tag(team="blue")
    server.start()
    code, told = sync(server.url)
    assert (code, told[0]["state"]) == (0, "sent")
    with RemoteWorkspace(server.url) as ws:
        (found,) = list_runs(ws).items
        assert (found.id, found.state) == (r.id, "succeeded")
        assert (found.params, found.tags["team"]) == ({"depth": "3"}, "blue")
        assert abs((found.started_at - r.info.started_at).total_seconds()) < 0.001
        assert found.metrics["loss"].count == 3000
