"""A workspace behind a server whose connections end."""

from __future__ import annotations

import socket
import threading

import pytest

from meguru.errors import Busy
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
