"""Sockets to processes that may be stopped: who writes gives up in time, who reads looks now and then."""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Callable, Iterable, Iterator

_PATIENCE = 30
"""So many times as long a write waits for who is not stopped but busy: it may import large libraries."""


def limit_sending(to: socket.socket, seconds: float) -> None:
    """Have a write that waits longer than so many seconds raise BlockingIOError; reads wait as before."""
    whole = int(seconds)
    to.setsockopt(
        socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", whole, int((seconds - whole) * 1e6))
    )


def send(
    to: socket.socket,
    data: bytes,
    descriptors: Iterable[int] = (),
    *,
    is_stuck: Callable[[], bool] = lambda: False,
) -> None:
    """Send all of some bytes, with open files.

    `is_stuck` is asked, each time that nothing was read for the time of `limit_sending`, whether to give up;
    who is only busy is waited for longer.

    Raises
    ------
    BlockingIOError
        If nobody read them in time; a part of them may have been sent.
    """
    left, files, waits = memoryview(data), list(descriptors), 0
    while left:
        try:
            count = socket.send_fds(to, [left], files) if files else to.send(left)
        except BlockingIOError:
            waits += 1
            if waits == _PATIENCE or is_stuck():
                raise
        else:
            left, files, waits = left[count:], [], 0


def received_lines(control: socket.socket, *, quiet: float) -> Iterator[list[bytes]]:
    """Yield the whole lines that came, until the other side is gone; none after each `quiet` seconds."""
    ready, buffer = select.poll(), b""
    ready.register(control, select.POLLIN)
    while True:
        if not ready.poll(quiet * 1000):
            yield []
            continue
        try:
            data = control.recv(1 << 16)
        except OSError:
            return
        if not data:
            return
        *lines, buffer = (buffer + data).split(b"\n")
        if lines:
            yield lines
