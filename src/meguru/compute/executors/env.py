"""Run a step in an environment of its own: a fork server for each environment, with that one's Python."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path

from meguru.compute.executors import bootstrap, environments
from meguru.compute.executors.base import Ended, OnEnded, died
from meguru.compute.executors.process import ForkServer
from meguru.compute.executors.work import Failure, StepJob, StepOutcome
from meguru.errors import MeguruError
from meguru.storage.blobs import open_store

_MAX_IDLE_SERVERS = 4
_ENDED = ("it was ended", "while its environment was built")


class Environments:
    """Runs steps in fresh processes of their own locked environment.

    The environment is built when a step first needs it, from its lock file alone, and kept for all later
    steps with the same one. Meguru itself is always the worker's own; what it stands on is too, unless
    the lock file has it. A step that is killed while its environment is built ends; the building goes on.
    """

    fresh = True
    remote = False

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._servers: dict[Path, ForkServer] = {}
        self._building: dict[str, OnEnded] = {}
        self._where: dict[str, ForkServer] = {}

    def start(self, name: str, job: StepJob, *, log: Path, preload: Iterable[str], done: OnEnded) -> None:
        """Start one step, once its environment is there."""
        with self._lock:
            self._building[name] = done

        def work() -> None:
            try:
                python = environments.build(open_store(job.blobs), job.env, job.env_name)
                self._launch(python, name, job, log, preload)
            except Exception as error:  # noqa: BLE001 - whatever it is, the run must hear of it
                self._end_building(name, _failed(error))

        if environments.is_built(job.env):
            work()
        else:
            threading.Thread(target=work, name="environment", daemon=True).start()

    def kill(self, name: str) -> None:
        """End a step, or its wait for its environment."""
        self._end_building(name, died(*_ENDED))
        with self._lock:
            server = self._where.get(name)
        if server is not None:
            server.kill(name)

    def warm(self, modules: Iterable[str]) -> None:
        """Do nothing: which environment will be needed is not known."""

    def close(self) -> None:
        """End all steps; environments that are being built will be there next time."""
        with self._lock:
            names, servers = list(self._building), list(self._servers.values())
            self._servers.clear()
        for name in names:
            self._end_building(name, died(*_ENDED))
        for server in servers:
            server.close()

    def _launch(self, python: Path, name: str, job: StepJob, log: Path, preload: Iterable[str]) -> None:
        with self._lock:
            server = self._server(python)
            done = self._building.pop(name, None)
            if done is None:  # it was ended meanwhile
                return
            self._where[name] = server

        def ended(how: Ended) -> None:
            with self._lock:
                self._where.pop(name, None)
            done(how)

        try:
            server.start(name, job, log=log, preload=preload, done=ended)
        except Exception as error:  # noqa: BLE001 - nobody but `ended` can tell the run any more
            ended(_failed(error))

    def _server(self, python: Path) -> ForkServer:
        server = self._servers.pop(python, None) or ForkServer(
            program=[str(python), "-P", bootstrap.__file__],
            variables={bootstrap.VARIABLE: environments.libraries(), "PYTHONPATH": ""},
        )
        self._servers[python] = server  # the most recently used are last
        busy = set(map(id, self._where.values())) | {id(server)}
        idle = [one for one, its in self._servers.items() if id(its) not in busy]
        for one in idle[: max(0, len(self._servers) - _MAX_IDLE_SERVERS)]:
            self._servers.pop(one).close()
        return server

    def _end_building(self, name: str, how: Ended) -> None:
        with self._lock:
            done = self._building.pop(name, None)
        if done is not None:
            done(how)


def _failed(error: Exception) -> Ended:
    told = error.as_dict() if isinstance(error, MeguruError) else {}
    failure = Failure(type=type(error).__name__, message=str(error), traceback="", error=told)
    return Ended(outcome=StepOutcome(failure=failure))
