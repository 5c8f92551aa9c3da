"""What a child of the fork server does: wait for its step, take on the step's surroundings, and do it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Mapping
from typing import Any

from meguru.compute.logs import streams


def receive_step(pipe: int) -> dict[str, Any]:
    """Warm up, then wait for the step of a child that was forked ahead; end if the server has none for it."""
    _warm_up()
    with os.fdopen(pipe, "rb") as file:
        data = file.read()
    if not data:
        os._exit(0)
    message: dict[str, Any] = json.loads(data)
    return message


def do_step(message: dict[str, Any], descriptor: int | None, variables: Mapping[str, str]) -> int:
    """Do a step, or the steps that come through a socket; return the code with which to end.

    `variables` are set whatever the engine says.
    """
    os.environ.clear()
    os.environ.update(message["env"])
    os.environ.update(variables)
    _redirect(message["log"])
    os.chdir(message["cwd"])
    if descriptor is None:
        from meguru.compute.executors import perform

        return perform.main(message["job"], message["result"])
    from meguru.compute.executors import threadhost

    threadhost.serve(socket.socket(fileno=descriptor))
    return 0


def _warm_up() -> None:
    from meguru.compute.executors import perform

    with contextlib.suppress(Exception):  # the step itself would say what is wrong
        perform.warm_up()


def _redirect(log: str) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(null, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.close(null)
    os.close(out)
    streams.install()
