"""Commands of a page start at once: a process that has imported what they need forks for each.

It is a program: ``forked.py SOCKET`` listens, and ``meguru`` on the PATH of a page's commands hands over its
arguments, folder, environment and files.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SHIM = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as line:
    line.connect({place!r})
    told = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(line, [len(told).to_bytes(4)], [0, 1, 2])
    line.sendall(told)
    code = line.recv(8)
sys.exit(int(code) if code else 1)
"""


@contextmanager
def typist(folder: Path) -> Iterator[Path]:
    """Give a folder with a ``meguru`` whose commands are forked."""
    place = folder / "line"
    shim = folder / "bin" / "meguru"
    shim.parent.mkdir(parents=True)
    shim.write_text(SHIM.format(python=sys.executable, place=str(place)))
    shim.chmod(0o755)
    process = subprocess.Popen([sys.executable, __file__, str(place)])
    try:
        while not place.exists():
            assert process.poll() is None
            time.sleep(0.02)
        yield shim.parent
    finally:
        process.terminate()
        process.wait()


def listen(place: str) -> None:
    """Fork for each command that comes, until the process is ended."""
    import polars as pl  # noqa: F401 - imported once for all commands

    from meguru.app.nouns import load_operations
    from meguru.cli import main
    from meguru.flavors.warm import warm_up

    load_operations()
    warm_up()  # 4 s for each command that loads a model
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(place + ".new")
        line.listen()
        Path(place + ".new").rename(place)
        while True:
            call, _ = line.accept()
            if os.fork() == 0:
                line.close()
                _work(call, main)
            call.close()


def _work(call: socket.socket, main: object) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, files, *_ = socket.recv_fds(call, 4, 3)
    body = b""
    while len(body) < int.from_bytes(size):
        body += call.recv(1 << 16)
    arguments, folder, environment = json.loads(body)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["meguru", *arguments]
    code = 1
    try:
        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        call.sendall(str(code).encode())
        os._exit(code)


if __name__ == "__main__":
    listen(sys.argv[1])
