"""A workspace behind a server whose connections end."""

from __future__ import annotations

import socket
import threading
from types import SimpleNamespace

import pytest

from meguru.app import calls
from meguru.base import digests
from meguru.errors import Busy, DigestMismatch, MeguruError
from meguru.kernel.operations import Operation
from meguru.kernel.remote import RemoteWorkspace

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def server():
    """A server that answers the first request of each connection, and hangs up at the second."""
    listener = socket.create_server(("127.0.0.1", 0))
    seen = []

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines:
                for number in range(2):
                    while (line := lines.readline()) not in {b"\r\n", b""}:
                        if line.endswith(b"HTTP/1.1\r\n"):
                            seen.append(line.split()[0].decode())
                    if number == 0:
                        connection.sendall(ANSWER)

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", seen
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(60)


def test_a_look_over_a_connection_that_was_closed_is_sent_once_again(server):
    url, seen = server
    with RemoteWorkspace(url) as ws:
        assert [ws.send("GET", "/a").content for _ in range(3)] == [b"{}"] * 3
    assert len(seen) == 5


def test_a_change_is_never_sent_twice(server):
    url, seen = server
    with RemoteWorkspace(url) as ws:
        assert ws.send("POST", "/a").content == b"{}"
        with pytest.raises(Busy, match="does not answer"):
            ws.send("POST", "/a")
    assert seen == ["POST", "POST"]


def test_an_answer_of_another_form_says_that_the_server_may_be_of_another_version(server):
    url, _ = server
    form = r"answered token\.list in another form"
    with RemoteWorkspace(url) as ws, pytest.raises(MeguruError, match=form) as caught:
        calls.token_list(ws)
    assert (caught.value.where, caught.value.why[:6], "version" in caught.value.hint) == (url, "Object", True)


def test_a_blob_is_downloaded_piece_by_piece_and_checked(server, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    url, _ = server
    with RemoteWorkspace(url) as ws:
        monkeypatch.setattr(ws, "send", None)  # which reads a whole answer into memory
        assert ws.blobs.path(digests.of_bytes(b"{}")).read_bytes() == b"{}"
        with pytest.raises(DigestMismatch):
            ws.blobs.path(digests.of_bytes(b"others"))


def test_a_server_that_fails_has_not_lost_the_blob(monkeypatch):
    with RemoteWorkspace("http://127.0.0.1:9") as ws:
        monkeypatch.setattr(
            ws, "ask", lambda *_: SimpleNamespace(status_code=503, is_error=True, content=b"")
        )
        with pytest.raises(Busy, match="503"):
            ws.blobs.size("0" * 64)


def test_a_query_is_as_long_as_its_address_is_when_encoded(server):
    url, seen = server

    def find(_ctx, *, text: str) -> dict[str, str]:
        return {"text": text}

    search = Operation(find, "run.search", "run:read", query=True, evented=False)
    for letters in (400, 800):
        with RemoteWorkspace(url) as ws:
            search(ws, text="語" * letters)
    assert seen == ["GET", "POST"]
