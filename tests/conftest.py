"""Fixtures of the whole suite: real servers, started once a session and only when asked for."""

from __future__ import annotations

import gc
import os
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from hypothesis import settings
from sqlalchemy import Connection, Engine, event

from meguru.app import local
from meguru.app.migrate import migrate
from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.kernel.workspace import Workspace
from meguru.storage.db import Database, engine
from meguru.testing import servers
from meguru.testing.seeded import fill

pytest_plugins = ["meguru.testing.fixtures"]
os.environ["MEGURU_LANG"] = "en"  # whatever language the machine speaks
os.environ["MEGURU_SQLITE_SYNCHRONOUS"] = "NORMAL"  # processes are killed here, machines are not

STOOD = pytest.StashKey[frozenset[str]]()  # in the project's folder before the tests
SEEN = pytest.StashKey[set[str]]()  # these, and what a test was told to have left

# A busy machine is no failure, and a merge is not judged by new random cases.
settings.register_profile("meguru", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("meguru")


def in_root(config: pytest.Config) -> set[str]:
    return {path.name for path in config.rootpath.iterdir() if not path.name.startswith(".")}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Iterator[object]:
    """Look for garbage neither while all tests are collected (3 s in each worker), nor among them later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Write a test's group behind its name, by which a worker gets all of the group.

    xdist 3.8 writes it where pytest 9.2 no longer looks, so that groups were of no effect.
    """
    if not config.getoption("loadgroup", default=False):
        return
    for item in items:
        name = "_".join(sorted({str(mark.args[0]) for mark in item.iter_markers("xdist_group")}))
        if name and not item.nodeid.endswith(f"@{name}"):
            item._id = type(item._id).parse(f"{item.nodeid}@{name}")


def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.stash[STOOD] = frozenset(in_root(session.config))
    session.config.stash[SEEN] = in_root(session.config)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Fail a test that left something in the project's folder: it would be committed one day.

    Where two workers run, both see it: the test that left it is one of two.
    """
    yield
    seen = item.config.stash[SEEN]
    if left := in_root(item.config) - seen:
        seen |= left
        pytest.fail(f"left in the project's folder: {', '.join(sorted(left))}", pytrace=False)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Fail also when no test saw what was left: a process may write it when its test is over.

    It is no failure that is tried again: alone, the same test would find the thing there and pass.
    """
    yield
    left = sorted(in_root(session.config) - session.config.stash[STOOD])
    if left and not hasattr(session.config, "workerinput"):
        message = f"tests left in the project's folder: {', '.join(left)}"
        pytest.exit(message, returncode=pytest.ExitCode.INTERRUPTED)


@pytest.fixture(scope="session", autouse=True)
def _tables_are_copied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Lay a file with all tables where a test opens a new workspace: making them takes 40 ms, copying them 2.

    How they are made is tested by what calls `migrate` itself, and by what starts processes.
    """
    made = tmp_path_factory.mktemp("tables") / "meguru.db"
    with closing(Database(f"sqlite:///{made}")) as db:
        migrate(db)

    def copied(db: Database) -> None:
        place = Path(db.engine.url.database or "") if db.is_sqlite else made
        if not place.exists():
            new = place.with_name(f"{uuid.uuid4().hex}.new")
            shutil.copyfile(made, new)
            with suppress(FileExistsError):  # others may open it for the first time just now
                place.hardlink_to(new)
            new.unlink()
        migrate(db)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "migrate", copied)
        yield


@pytest.fixture(scope="session", autouse=True)
def _nothing_waits_for_the_disk() -> Iterator[None]:
    """Let SQLite in this process hand its pages to the system, and not wait until they are on the disk."""
    real = engine._sqlite

    def without_waiting(*args: Any, **options: Any) -> Engine:
        made = real(*args, **options)
        event.listen(made, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF").close())
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_sqlite", without_waiting)
        yield


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], object]], Path]:
    """Give what makes a folder once for all workers of this run: others wait, and find it made."""
    root = tmp_path_factory.getbasetemp()
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root

    def folder(name: str, make: Callable[[Path], object]) -> Path:
        with (root / f"{name}.lock").open("w") as lock:
            flock(lock, LOCK_EX)
            if not (done := root / f"{name}.made").exists():
                shutil.rmtree(root / name, ignore_errors=True)
                (root / name).mkdir()
                make(root / name)
                done.touch()
        return root / name

    return folder


@pytest.fixture(scope="session")
def seeded_place(
    once: Callable[[str, Callable[[Path], object]], Path], tmp_path_factory
) -> Callable[[], Path]:
    """Give what makes a new workspace with one of everything, and returns its place."""

    def make(folder: Path) -> None:
        load_operations()
        with open_local(folder / "w") as ws:
            fill(ws, folder)

    def copied() -> Path:
        return Path(shutil.copytree(once("seeded", make) / "w", tmp_path_factory.mktemp("seeded") / "w"))

    return copied


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with servers.postgres(in_memory=True) as url:
        yield url


@contextmanager
def a_database(server: str, template: str) -> Iterator[str]:
    import psycopg

    name = f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def new_database(postgres_server: str) -> Iterator[Callable[[], AbstractContextManager[str]]]:
    """Give what makes a new PostgreSQL database, with the tables of a workspace, while its URL is used."""
    with a_database(postgres_server, "template1") as made:
        with closing(Database(made)) as db:
            migrate(db)
        yield lambda: a_database(postgres_server, urlsplit(made).path[1:])


@pytest.fixture
def postgres_url(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """Give the URL of a new PostgreSQL database: a workspace in which nothing happened yet."""
    with new_database() as url:
        yield url


@pytest.fixture
def empty_postgres_url(postgres_server: str) -> Iterator[str]:
    """Give the URL of a new PostgreSQL database without any table."""
    with a_database(postgres_server, "template1") as url:
        yield url


@pytest.fixture(scope="session")
def s3_server() -> Iterator[servers.S3Server]:
    with servers.s3() as server:
        yield server


@pytest.fixture
def s3_url(s3_server: servers.S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the URL of an empty place in an S3 bucket; where the server is stands in the environment."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    return f"s3://{s3_server.bucket}/{uuid.uuid4().hex[:12]}"


@pytest.fixture
def looks(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the transactions in which somebody looks at the workspace's database: the threads that do."""
    counted: list[int] = []
    real = workspace.db.read

    def read() -> AbstractContextManager[Connection]:
        counted.append(threading.get_ident())
        return real()

    monkeypatch.setattr(workspace.db, "read", read)
    return counted
