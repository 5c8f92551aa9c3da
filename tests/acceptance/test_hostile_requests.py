"""Requests that mean harm, to every route of a real server: each is refused clearly, none breaks it."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import httpx2
import msgspec
import pytest

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("hostile")]  # two servers for all
LONG_POLLS = ("/api/v1/event/wait", "/api/v1/trigger/settled")
TEXTS = (
    "",
    "a\0b",
    "x" * 30_000,
    "../../etc/passwd",
    "dataset/x@1",
    "endpoint/x",
    "日本",
    "';DROP TABLE event",
)
NUMBERS = ("nan", "-inf", "1e400", str(2**63), "-" + "9" * 30, "-1")
VALUES = (*TEXTS, "x" * 1_000_000, 2**63, -(10**18), 1e308, -1, True, None, [], {}, [[]], {"a": {"b": "\0"}})
QUERIES = ("%zz=1", "a=%00", "%00=1", "x=[1,2", "x=" + "[" * 5000, "a=1&" * 2000, "x=%ff")
BODIES = (
    *(b"", b"null", b"[]", b"{", b"\xff\xfe", b'{"a":' * 3000 + b"1" + b"}" * 3000, b"[" * 200_000),
    *(b'{"a":1e999}', b'{"a":NaN}', b'{"name":"a","name":"b"}', b'{"\\u0000":1}', b'{"name":"\\ud800"}'),
    *(b'{"name":"\xed\xa0\x80"}', b'{"name":' + b"9" * 5000 + b"}"),
)
HEADERS = (
    *({"Content-Type": "text/xml"}, {"Idempotency-Key": "k" * 300}, {"Idempotency-Key": ""}),
    *({"Meguru-Cause": "x" * 300}, {"Meguru-Cause": "evt-" + "Z" * 26}, {"Origin": "http://["}),
    *({"Origin": "null"}, {"Host": "[::1"}, {"Authorization": "Bearer"}, {"Content-Encoding": "gzip"}),
)
PATHS = (
    *("/api/v1/principal/create", "/api/v1/event/list", "/health", "/metrics", "/openapi.json"),
    *("/ui/runs/%00", "/ui/models/%ff", "/ui/models/" + "x" * 5000, "/ui/events/%ED%A0%80", "/?lang=%00"),
    *("/ui/events?after=" + "9" * 30, "/ui/events?before=%00", "/ui/runs?cursor=%00&experiment=%00"),
    *("/endpoints/%00/predict", "/endpoints/" + "x" * 3000 + "/predict", "/endpoints/", "/api/v1/nothing"),
    *("/api/v1/blobs/%00", "/api/v1/blobs/..%2f..%2fetc", "/ui/static/%2e%2e/%2e%2e/pyproject.toml"),
    *("/%zz", "//", "/sign-in?x=%00"),
)
# One case in sixteen for each operation, others for the next one: each case meets a hundred arguments.
SHARES = [pytest.param(16, id="some"), pytest.param(1, id="all", marks=pytest.mark.soak)]
POST = b"POST /api/v1/principal/create HTTP/1.1\r\nHost: 127.0.0.1\r\n"


def serve(place, folder):
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "meguru", "up", "-w", place, "--port", "0", "--json"],
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, "MEGURU_BLOBS": str(folder / "blobs")},
        )
    url = msgspec.json.decode(process.stdout.readline())["url"]
    process.stdout.close()
    return process, url


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def server(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    place = str(folder / "w") if request.param == "sqlite" else request.getfixturevalue("postgres_server")
    process, url = serve(place, folder)
    with httpx2.Client(base_url=url, timeout=60) as http:
        yield http
        assert http.get("/health").status_code == 200
        assert http.get("/api/v1/audit/verify").json()["intact"] is True
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert "Traceback" not in (folder / "log").read_text("utf-8")


def judge(answer):
    assert answer.status_code < 500, answer.text[:500]
    assert "Traceback" not in answer.text
    if answer.status_code >= 400 and answer.request.method != "HEAD" and "/api/" in str(answer.request.url):
        assert answer.json()["error"]["what"]
        assert len(answer.content) < 20_000


def operations(http, method):
    document = http.get("/openapi.json").json()
    for path, entry in document["paths"].items():
        if method in entry and path.startswith("/api/"):
            yield path, entry[method], document["components"]["schemas"]


@pytest.fixture
def turns(request):
    """Count on; each database begins with other cases."""
    return itertools.count(8 * ("postgresql" in request.node.callspec.id))


@pytest.mark.parametrize("step", SHARES)
def test_hostile_parameters(server, turns, step):
    for path, entry, _ in operations(server, "get"):
        wanted = {each["name"]: "1" for each in entry["parameters"] if each["required"]}
        quick = {"timeout": "0"} if path in LONG_POLLS else {}
        for name in (each["name"] for each in entry["parameters"]):
            for text in (TEXTS + NUMBERS)[next(turns) % step :: step]:
                if name in quick and text == str(2**63):
                    continue  # that is a long wait, which is allowed
                judge(server.get(f"{path}?{urlencode({**wanted, **quick, name: text})}"))
        for raw in QUERIES[next(turns) % step :: step]:
            judge(server.get(f"{path}?{raw}"))


@pytest.mark.parametrize("step", SHARES)
def test_hostile_bodies(server, turns, step):
    for path, entry, schemas in operations(server, "post"):
        asked = entry["requestBody"]["content"]["application/json"]["schema"]
        schema = schemas[asked["$ref"].rpartition("/")[2]] if "$ref" in asked else asked
        base = dict.fromkeys(schema.get("required", ()), "a")
        for name in schema.get("properties", {}):
            for value in VALUES[next(turns) % step :: step]:
                judge(server.post(path, content=msgspec.json.encode({**base, name: value})))
        for body in BODIES[next(turns) % step :: step]:
            judge(server.post(path, content=body))
        judge(server.post(path, content=iter([b'{"name":', b'"x"'])))


def test_hostile_headers_methods_and_paths(server):
    for headers in HEADERS:
        judge(server.post("/api/v1/principal/create", content=b'{"name":"a"}', headers=headers))
    for path, method in itertools.product(PATHS, ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH")):
        judge(server.request(method, path))
    assert server.request("FOO", "/health").status_code == 400


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00",
        b"GET /\x00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        POST + b"Content-Length: 5\r\nContent-Length: 7\r\n\r\n",
        POST + b"Content-Length: 99999999999\r\n\r\n{}",
        POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_http_ends_the_connection_and_nothing_else(server, raw):
    with socket.create_connection((server.base_url.host, server.base_url.port), timeout=60) as plug:
        plug.sendall(raw)
        plug.shutdown(socket.SHUT_WR)
        assert b" 5" not in plug.recv(65536).partition(b"\r\n")[0]
    assert server.get("/health").status_code == 200


def test_many_long_polls_starve_nobody_and_end_with_the_drain(tmp_path):
    process, url = serve(str(tmp_path / "w"), tmp_path)
    limits = httpx2.Limits(max_connections=None)
    with httpx2.Client(base_url=url, timeout=60, limits=limits) as http, ThreadPoolExecutor(101) as pool:
        polls = [pool.submit(http.get, "/api/v1/event/wait?after=99&timeout=30") for _ in range(100)]
        stream = pool.submit(http.get, "/ui/stream?after=0")
        until(lambda: len(list(Path(f"/proc/{process.pid}/task").iterdir())) > 100)
        for _ in range(20):
            assert http.get("/health").status_code == 200
            assert http.get("/api/v1/event/list").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(25) == 0  # less than the 30 s that the polls asked for
        assert {each.result().status_code for each in polls} == {200}
        assert stream.result().status_code == 200


def until(true):
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        threading.Event().wait(0.05)
