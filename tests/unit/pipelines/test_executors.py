"""Which executor a step gets, and what is said when there is none."""

from __future__ import annotations

import importlib.util
import socket
import sys

import pytest

from meguru import step
from meguru.compute import executors
from meguru.compute.executors.process import ForkServer
from meguru.compute.executors.ray import RayTasks
from meguru.compute.executors.thread import Threads
from meguru.errors import InvalidInput, NotFound
from meguru.testing.contracts.executors import Steps


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.delenv("MEGURU_EXECUTOR", raising=False)
    executors.forget()
    yield
    executors.forget()


def test_a_step_runs_where_it_says():
    assert isinstance(executors.of("process"), ForkServer)
    assert isinstance(executors.of("thread"), Threads)
    assert executors.of("thread") is executors.of("thread")


@pytest.mark.parametrize(
    ("isolation", "chosen"), [("process", "ray"), ("env", "ray"), ("thread", "thread"), ("ray", "ray")]
)
def test_the_setting_moves_the_steps_that_ask_for_no_place_of_their_own(monkeypatch, isolation, chosen):
    monkeypatch.setenv("MEGURU_EXECUTOR", "ray")
    assert type(executors.of(isolation)) is {"ray": RayTasks, "thread": Threads}[chosen]


def test_an_unknown_place_is_refused_with_the_ones_there_are():
    with pytest.raises(NotFound, match="proces") as refused:
        executors.of("proces")
    assert "process" in refused.value.hint


def test_without_ray_a_step_fails_and_names_the_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "ray", None)
    steps = Steps(tmp_path, RayTasks("local"))
    steps.start("double")
    failure = steps.end().outcome.failure
    assert failure.type == "MissingDependency"
    assert "pip install 'meguru[ray]'" in failure.message


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="the extra ray is not installed")
def test_steps_fail_clearly_when_no_cluster_came_in_time(tmp_path):
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        executor = RayTasks(f"127.0.0.1:{one.getsockname()[1]}", wait=0.1)
        steps = Steps(tmp_path, executor)
        steps.start("double")
        failure = steps.end().outcome.failure
        executor.close()
    assert failure.type == "ClusterLost"
    assert failure.message.startswith("there was no Ray cluster at 127.0.0.1:")
    assert "Connection refused" in failure.message


def test_a_limit_of_memory_is_refused_where_it_could_not_be_kept():
    with pytest.raises(InvalidInput, match="a thread has no memory of its own") as refused:
        step(isolation="thread", resources={"memory": "1GB"})
    assert refused.value.field == "resources.memory"
    assert step(isolation="thread", resources={"cpu": 2})
