"""The real server, as a process: it starts, answers, refuses to be exposed, drains."""

import os
import signal
import subprocess
import sys

import httpx2
import msgspec
import pytest

pytestmark = pytest.mark.acceptance
MEGURU = [sys.executable, "-m", "meguru"]


@pytest.fixture
def up(tmp_path):
    """Start servers; each call returns the process and its URL once it is ready."""
    started = []

    def start(*options):
        process = subprocess.Popen(
            [*MEGURU, "up", "--workspace", str(tmp_path / "w"), "--port", "0", "--json", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        line = process.stdout.readline()
        return process, msgspec.json.decode(line or b"{}").get("url", "")

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()


def test_it_is_ready_when_it_says_so_and_drains_on_sigterm(up, tmp_path):
    process, url = up()
    assert httpx2.get(url + "/health").json() == {"status": "ok"}
    assert "python_info" in httpx2.get(url + "/metrics").text
    assert httpx2.get(url + "/openapi.json").json()["openapi"].startswith("3.")
    assert msgspec.json.decode((tmp_path / "w" / "server.json").read_bytes())["url"] == url
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert not (tmp_path / "w" / "server.json").exists()


def test_it_ends_when_what_started_it_goes_away(up):
    process, _ = up("--exit-with-parent")
    process.stdin.close()
    assert process.wait(60) == 0


def test_commands_work_against_a_running_server(up):
    _, url = up()
    done = subprocess.run([*MEGURU, "events", "--json", "-w", url], capture_output=True, check=True)
    assert msgspec.json.decode(done.stdout)["items"] == []
    done = subprocess.run(
        [*MEGURU, "doctor", "--json"],
        check=False,
        capture_output=True,
        env={**os.environ, "MEGURU_WORKSPACE": url},
    )
    assert msgspec.json.decode(done.stdout)["ok"] is True


def test_it_refuses_another_address_without_authentication(up):
    process, url = up("--host", "0.0.0.0")
    assert url == ""
    assert process.wait(60) == 2


def test_with_authentication_requests_need_a_token(up, tmp_path):
    place = ["--workspace", str(tmp_path / "w"), "--json"]
    subprocess.run([*MEGURU, "principal", "create", "vera", *place], check=True, capture_output=True)
    made = subprocess.run([*MEGURU, "token", "create", "vera", *place], check=True, capture_output=True)
    secret = msgspec.json.decode(made.stdout)["secret"]
    _, url = up("--auth")
    assert httpx2.get(url + "/health").status_code == 200
    assert httpx2.get(url + "/api/v1/event/list").status_code == 401
    page = httpx2.get(url + "/", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in")
    with httpx2.Client(base_url=url) as browser:
        assert browser.post("/sign-in", data={"token": "mgr_wrong"}).status_code == 401
        assert browser.post("/sign-in", data={"token": secret}).status_code == 303
        assert browser.get("/", headers={"Accept": "text/html"}).status_code == 200
        assert browser.post("/api/v1/principal/create", json={"name": "x"}).status_code == 403
        assert "you are vera" in browser.get("/", headers={"Accept": "text/html"}).text
        assert "Sign out" in browser.get("/", headers={"Accept": "text/html"}).text
        assert browser.post("/sign-out").headers["location"] == "/sign-in"
        assert browser.get("/api/v1/event/list").status_code == 401
        form = browser.get("/sign-in", headers={"Accept-Language": "ja"}).text
        assert "サインイン" in form
        assert "meguru token create" in form


def test_a_taken_port_is_a_clear_error(up):
    _, url = up()
    port = url.rpartition(":")[2]
    done = subprocess.run(
        [*MEGURU, "up", "--port", port, "--workspace", "/nonexistent-is-never-made"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "can't listen" in done.stderr
