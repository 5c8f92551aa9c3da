"""Every executor, under the contract of its family."""

from __future__ import annotations

import pytest

from meguru.pipelines.executors import EXECUTORS
from meguru.pipelines.executors.process import ForkServer
from meguru.pipelines.executors.thread import Threads
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


def test_every_executor_is_under_the_contract():
    assert set(EXECUTORS.names()) == {"process", "thread"}
