"""`meguru up`: open the workspace, listen, serve until told to stop."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from types import FrameType

import uvicorn

from meguru.app.open import open_local
from meguru.base.collector import end_start
from meguru.base.settings import Settings
from meguru.console.live import Live
from meguru.errors import UsageError
from meguru.kernel.server_record import forget_server, record_server
from meguru.kernel.workspace import Workspace
from meguru.server.access import check_exposure
from meguru.server.asgi import build
from meguru.server.environments import EnvironmentRouter, path_of, views

GRACE_SECONDS = 10


def serve(
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    port: int = 7474,
    auth: bool = False,
    insecure: bool = False,
    exit_with_parent: bool = False,
    ready: Callable[[str], None] = print,
    environments: Mapping[str, Settings] | None = None,
) -> None:
    """Serve one workspace, and others beside it, until SIGTERM or Ctrl-C; both drain.

    Parameters
    ----------
    settings
        Where the workspace is; a server URL is refused.
    host, port
        Where to listen; port 0 takes a free one.
    auth, insecure
        Whether tokens are required; beyond loopback one of the two must be said.
    exit_with_parent
        Stop when standard input ends, so that no server outlives what started it.
    ready
        Called with the server's URL once it answers.
    environments
        By name, further workspaces, each at ``/env/NAME``.
    """
    check_exposure(host, auth=auth, insecure=insecure)
    with _listen(host, port) as listener, contextlib.ExitStack() as stack:
        found = listener.getsockname()
        url = f"http://{'[' + found[0] + ']' if ':' in found[0] else found[0]}:{found[1]}"
        places = {"": settings, **(environments or {})}
        served = {name: stack.enter_context(_open(one)) for name, one in places.items()}
        live = {name: Live() for name in served}
        apps = {name: build(ws, auth=auth, any_host=insecure, live=live[name]) for name, ws in served.items()}
        main = apps.pop("")
        server = _Server(
            [*(each.close for each in live.values()), *(ws.drain for ws in served.values())],
            uvicorn.Config(
                EnvironmentRouter(main, apps, views(served, auth=auth)) if apps else main,
                access_log=False,
                log_level="warning",
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
                timeout_keep_alive=75,  # above a proxy's usual 60 s: it, and not we, is to close first
            ),
        )
        if exit_with_parent:
            _follow_parent()
        # A thread: `run` does not return before the end, and uvicorn has no hook for "it answers now".
        threading.Thread(target=_tell, args=(server, url, served, ready), daemon=True).start()
        for number in (signal.SIGTERM, signal.SIGINT):
            # uvicorn raises the signal again once it has drained; by then there is nothing left to stop.
            signal.signal(number, lambda *_: None)
        try:
            server.run(sockets=[listener])
        finally:
            for ws in served.values():
                forget_server(ws.root)


def _open(settings: Settings) -> Workspace:
    if settings.workspace.startswith(("http://", "https://")):
        raise UsageError(f"{settings.workspace} is a server already", hint="name a folder or a database URL")
    return open_local(settings.workspace, settings=settings)


class _Server(uvicorn.Server):
    """Ends open streams and long polls as soon as it is told to stop, rather than wait for their readers."""

    def __init__(self, hooks: list[Callable[[], None]], config: uvicorn.Config) -> None:
        super().__init__(config)
        self._hooks = hooks

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain."""
        for hook in self._hooks:
            hook()
        super().handle_exit(sig, frame)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named: asyncio turns Nagle's delay off only for sockets that say they are TCP.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # A restart must not wait for the last connections of the server before it (TIME_WAIT).
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise UsageError(
            f"can't listen on {host}:{port}", why=error.strerror or str(error), hint="choose another --port"
        ) from error
    listener.listen(2048)
    return listener


def _tell(
    server: uvicorn.Server, url: str, served: Mapping[str, Workspace], ready: Callable[[str], None]
) -> None:
    waiting = threading.Event()
    while not server.started and not server.should_exit:
        waiting.wait(0.01)
    if server.started:
        for name, ws in served.items():
            record_server(ws.root, url + (path_of(name) if name else ""))
        end_start()
        ready(url)


def _follow_parent() -> None:
    def watch() -> None:
        # Not through sys.stdin, whose lock this thread would hold when the interpreter ends: that aborts it.
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()
