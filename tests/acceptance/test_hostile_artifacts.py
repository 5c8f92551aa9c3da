"""Artifacts sent to do harm, byte by byte, to a real server: refused clearly, and nothing half-written."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

pytestmark = pytest.mark.acceptance
PROXY = "/api/2.0/mlflow-artifacts/artifacts"
LISTS = "/api/2.0/mlflow-artifacts/artifacts?path="
MPU = "/api/2.0/mlflow-artifacts/mpu"
CLIMBING = (
    *("..", "../x", "a/../../x", "a/..", "../../../../etc/passwd", "..\\x", "a\\..\\..\\x"),
    *("a\nb", "a\r\nSet-Cookie: x", "a#b"),
)
ABSOLUTE = (
    *("/etc/passwd", "//etc/passwd", "///x", "file:///etc/passwd", "s3:/bucket/x"),
    *("C:/x", "C:x", "c:\\x", "\\\\host\\share"),
)
"""Refused where a path begins; below a folder they are names in it."""
ALLOWED = (
    "．．/x",
    "…/x",
    "a/.../b",
    "..a/b",
    "a../b",
    "~/x",
    "$HOME/x",
    "`id`",
    "con",
    "aux.txt",
    "a;b",
    "12:30",
    "a\\b",
    "x\0.txt",
    "a/\0",
    "\x7f\x1b[0m",
    "100%",
    "%2e%2",
    "dog%step%3%timestamp%1732%x.png",
)
"""Strange names that stay where they belong."""
LONG = ("x" * 10_000, "/".join(["x"] * 5_000), "日" * 4_000)


class Server:
    """A real server, spoken to in bytes."""

    def __init__(self, folder):
        self.folder = folder / "w"
        command = [sys.executable, "-m", "meguru", "up", "--workspace", str(self.folder), "--port", "0"]
        self.process = subprocess.Popen(
            [*command, "--exit-with-parent"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        line = next(line for line in self.process.stderr if "http://" in line)
        place = urlsplit("http://" + line.split("http://")[1].strip())
        self.address = (place.hostname, place.port)

    def plug(self):
        return socket.create_connection(self.address, timeout=60)

    def ask(self, method, path, body=b""):
        """Send a request as it is spelled; return its status and what it says."""
        with self.plug() as plug:
            head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
            plug.sendall(head.encode() + b"Connection: close\r\n\r\n" + body)
            return read(plug)

    def left(self):
        """Return the files that are neither blobs nor the database's."""
        blobs = self.folder / "blobs"
        return [file for name in ("tmp", "parts") for file in (blobs / name).rglob("*")]

    def files(self):
        """Return all files of the workspace, and those beside it."""
        return {file for file in self.folder.parent.rglob("*") if file.is_file()}


def read(plug):
    data = b""
    while piece := plug.recv(1 << 16):
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    return (int(head.split()[1]) if head else 0), body


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("artifacts"))
    yield made
    made.process.kill()
    made.process.communicate()


@pytest.fixture(scope="module")
def run(server):
    answer = json.loads(server.ask("POST", "/api/2.0/mlflow/runs/create", b'{"experiment_id":"0"}')[1])
    return answer["run"]["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")


def spellings(path):
    """Return how a client may spell a path: plain where a request may hold it, and encoded, up to thrice."""
    once = quote(path, safe="")
    found = [once, quote(once, safe=""), quote(quote(once, safe=""), safe=""), once.lower()]
    found += [quote(path, safe="/"), once.replace(".", "%2e"), once.replace(".", "%252E")]
    if path.isascii() and path.isprintable() and not set(path) & {" ", "#", "\\"}:
        found.append(path)
    return dict.fromkeys(found)


def judge(status, body):
    assert status in {400, 404}, body
    if status == 400 and body.startswith(b"{"):
        assert json.loads(body)["error_code"] == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("path", [*CLIMBING, *ABSOLUTE], ids=repr)
def test_a_path_that_leaves_is_refused_in_every_spelling(server, run, path):
    before = server.files()
    folders = ("",) if path in ABSOLUTE else ("", f"{run}/", "model-versions/x/1/")
    for spelled in spellings(path):
        for folder in folders:
            judge(*server.ask("PUT", f"{PROXY}/{folder}{spelled}", b"x"))
            judge(*server.ask("GET", f"{PROXY}/{folder}{spelled}"))
            judge(*server.ask("DELETE", f"{PROXY}/{folder}{spelled}"))
        judge(*server.ask("POST", f"{MPU}/create/{spelled}", b'{"path":"x","num_parts":1}'))
    listed = quote(path, safe="")
    judge(*server.ask("GET", LISTS + listed))
    judge(*server.ask("GET", f"/api/2.0/mlflow/artifacts/list?run_id={run.split('/')[1]}&path={listed}"))
    grown = {file.name for file in server.files() - before}
    assert all(name.startswith("meguru.db") for name in grown), grown


@pytest.mark.parametrize("path", ["..", "a/..", "a\nb", "a\\..", "#", "C:"])
def test_a_file_in_parts_that_has_no_name_is_refused(server, run, path):
    body = json.dumps({"path": path, "num_parts": 1}).encode()
    status, said = server.ask("POST", f"{MPU}/create", body)
    judge(status, said)


@pytest.mark.parametrize("path", ABSOLUTE)
def test_below_a_folder_what_looks_absolute_is_a_name_in_it(server, run, path):
    assert server.ask("PUT", f"{PROXY}/{run}/in/{quote(path, safe='')}", path.encode()) == (200, b"{}")
    kept = "/".join(part for part in path.split("/") if part)
    assert server.ask("GET", f"{PROXY}/{run}/in/{quote(kept)}") == (200, path.encode())


@pytest.mark.parametrize("raw", ["%c0%ae%c0%ae/x", "%e0%80%ae%e0%80%ae/x", "%ff%fe", "%ed%a0%80", "%zz", "%"])
def test_what_is_no_unicode_stays_in_its_folder(server, run, raw):
    status, body = server.ask("PUT", f"{PROXY}/{run}/bytes/{raw}", b"x")
    assert status in {200, 400}, body
    assert not (server.folder.parent / "x").exists()


@pytest.mark.parametrize("name", ALLOWED)
def test_a_strange_name_that_stays_is_a_plain_name(server, run, name):
    way = f"{PROXY}/{run}/strange/{quote(name)}"
    assert server.ask("PUT", way, name.encode()) == (200, b"{}")
    assert server.ask("GET", way) == (200, name.encode())


@pytest.mark.parametrize("name", LONG, ids=["name", "folders", "letters"])
def test_an_endless_name_is_refused(server, run, name):
    for way in (f"{PROXY}/{run}/{quote(name)}", f"{MPU}/create/{quote(name)}"):
        status, body = server.ask("PUT" if way.startswith(PROXY) else "POST", way, b'{"path":"x"}')
        assert status in {400, 414, 431}, body
    body = json.dumps({"path": name, "num_parts": 1}).encode()
    if "/" not in name:
        judge(*server.ask("POST", f"{MPU}/create/{run}", body))


@pytest.mark.parametrize("declared", [200, 100_000, 8 << 20])
def test_a_body_shorter_than_declared_is_no_file(server, run, declared):
    way = f"{PROXY}/{run}/short/{declared}"
    with server.plug() as plug:
        plug.sendall(f"PUT {way} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {declared}\r\n\r\n".encode())
        plug.sendall(b"x" * (declared // 2))
        plug.shutdown(socket.SHUT_WR)
        read(plug)
    assert server.ask("GET", way)[0] == 404
    until(lambda: server.left() == [])


def test_a_body_longer_than_declared_ends_where_it_was_declared(server, run):
    way = f"{PROXY}/{run}/longer"
    with server.plug() as plug:
        head = f"PUT {way} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\n"
        plug.sendall(head.encode() + b"12345and more that is no request\r\n\r\n")
        plug.shutdown(socket.SHUT_WR)
        read(plug)
    status, body = server.ask("GET", way)
    # What follows is no request: the server may have closed before it took the file, but took nothing else.
    assert (status, body) == (200, b"12345") or status == 404
    until(lambda: server.left() == [])


@pytest.mark.parametrize("length", ["-1", "1e3", "5, 5", "0x5", "99999999999999999999", str((8 << 30) + 1)])
def test_a_length_that_is_none_or_too_large_is_refused_before_the_bytes(server, run, length):
    way = f"{PROXY}/{run}/length"
    with server.plug() as plug:
        head = (
            f"PUT {way} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        )
        plug.sendall(head.encode() + b"12345")
        plug.shutdown(socket.SHUT_WR)
        status, _ = read(plug)
    assert status in {0, 400, 413}
    assert server.ask("GET", way)[0] == 404
    until(lambda: server.left() == [])


def test_a_broken_chunk_is_no_file(server, run):
    way = f"{PROXY}/{run}/chunks"
    head = f"PUT {way} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    for chunks in (
        b"5\r\nhello\r\nzz\r\n",
        b"5\r\nhello\r\n",
        b"ffffffff\r\nhello",
        b"5\r\nhelloworld\r\n0\r\n\r\n",
    ):
        with server.plug() as plug:
            plug.sendall(head + chunks)
            plug.shutdown(socket.SHUT_WR)
            read(plug)
        assert server.ask("GET", way)[0] == 404
    until(lambda: server.left() == [])


def test_clients_that_hang_in_the_middle_hinder_nobody_and_leave_nothing(server, run):
    hung = []
    for number in range(60):  # more than there are threads
        plug = server.plug()
        way = f"{PROXY}/{run}/hung/{number}"
        plug.sendall(f"PUT {way} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {8 << 20}\r\n".encode())
        plug.sendall(b"\r\n" + b"x" * (2 << 20) if number % 2 else b"\r\n")
        hung.append(plug)
    for number in range(20):
        assert server.ask("PUT", f"{PROXY}/{run}/lively/{number}", b"x" * 2_000)[0] == 200
    for plug in hung:
        plug.close()
    until(lambda: server.left() == [])
    assert server.ask("GET", f"{LISTS}{run}/hung") == (200, b"{}")


def test_two_who_put_one_file_at_once_leave_one_of_both_whole(server, run):
    way = f"{PROXY}/{run}/both"
    bodies = [bytes([number]) * (3 << 20) for number in range(4)]
    threads = [threading.Thread(target=server.ask, args=("PUT", way, body)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.ask("GET", way)[1] in bodies
    assert server.left() == []


def test_a_link_on_the_way_to_the_server_is_not_followed_out_of_a_workspace(server, run, tmp_path):
    """Names never become paths of the server's disk, so that a link there can't be named."""
    (tmp_path / "secret").write_text("secret")
    link = Path(server.folder) / "blobs" / "link"
    link.symlink_to(tmp_path)
    for way in (f"{PROXY}/link/secret", f"{PROXY}/{run}/link/secret", f"{PROXY}/blobs/link/secret"):
        assert server.ask("GET", way)[0] == 404
    link.unlink()


def test_bytes_that_say_they_are_packed_are_kept_as_they_are(server, run):
    way = f"{PROXY}/{run}/bomb.zip"
    body = os.urandom(2000)
    head = f"PUT {way} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Encoding: gzip\r\nContent-Length: 2000\r\n"
    with server.plug() as plug:
        plug.sendall(head.encode() + b"Connection: close\r\n\r\n" + body)
        assert read(plug)[0] == 200
    assert server.ask("GET", way) == (200, body)


def until(true):
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        threading.Event().wait(0.05)
