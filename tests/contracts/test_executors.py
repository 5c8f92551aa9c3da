"""Every executor, under the contract of its family."""

from __future__ import annotations

import pytest

from meguru.artifacts import trees
from meguru.compute.executors import EXECUTORS
from meguru.compute.executors.env import Environments
from meguru.compute.executors.process import ForkServer
from meguru.compute.executors.thread import Threads
from meguru.storage.blobs import open_store
from meguru.testing.contracts.executors import ExecutorContract


class TestProcess(ExecutorContract):
    @pytest.fixture
    def executor(self):
        executor = ForkServer()
        yield executor
        executor.close()


class TestThread(ExecutorContract):
    @pytest.fixture
    def executor(self):
        server = ForkServer()
        executor = Threads(server)
        yield executor
        executor.close()
        server.close()


class TestEnvironment(ExecutorContract):
    """The empty environment: it needs no network, and no package."""

    @pytest.fixture
    def always(self, tmp_path, tmp_path_factory, monkeypatch):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
        lock = tmp_path / "lock" / "requirements.txt"
        lock.parent.mkdir()
        lock.write_text("# nothing\n")
        tree = trees.put_folder(open_store(tmp_path / "blobs"), lock.parent)
        trees.put_folder(open_store(tmp_path / "other" / "blobs"), lock.parent)
        return {"env": tree, "env_name": "requirements.txt"}

    @pytest.fixture
    def executor(self):
        executor = Environments()
        yield executor
        executor.close()


def test_every_executor_is_under_the_contract():
    assert set(EXECUTORS.names()) == {"env", "process", "ray", "thread"}  # ray: tests/integration
