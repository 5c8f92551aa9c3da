"""A process that ends what a fork server's steps left when that server is gone."""

from __future__ import annotations

import os
import signal

from meguru.compute.executors import orphans


def start(mark: str) -> tuple[int, int]:
    """Fork a process that ends all with the mark when this one is gone; return it, and our end of a pipe.

    Whoever kills the engine may kill this server in the same moment (Ray does so with the children of a
    worker), and then nobody else would end what the steps started.
    """
    read, write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(read)
        return pid, write
    try:
        os.setsid()
        os.dup2(read, 0)
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (1, 2):
            os.dup2(null, descriptor)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        os.read(0, 1)  # nobody writes: it returns when the last writer is gone
        orphans.end(mark)
    finally:
        os._exit(0)
