"""Steps on a Ray cluster of two nodes, simulated on this machine: the contract, a lost node, a lost head."""

from __future__ import annotations

import importlib.util
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from meguru.app.open import open_local
from meguru.compute import executors
from meguru.compute.executors.ray import RayTasks
from meguru.pipelines.runner import run_file
from meguru.testing.contracts.executors import ExecutorContract, Steps, until
from meguru.testing.processes import free_ports

pytestmark = [
    pytest.mark.integration,
    pytest.mark.xdist_group("ray"),
    pytest.mark.timeout(300),
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="the extra ray is not installed"),
]

STEPS = """
import time
from pathlib import Path
from meguru import log, pipeline, step

@step
def first(n: int) -> int:
    return n

@step(retries=0)
def meet(n: int) -> int:
    print("waiting")
    log(waited=1.0)
    with Path(f"PLACE.{n}").open("a") as file:
        file.write("here ")
    while not Path("PLACE").exists():
        time.sleep(0.02)
    return n

@pipeline
def flow(n: int = 7):
    return first(meet(first(n)))

@step(resources={"cpu": 1})
def square(n: int) -> int:
    return n * n

@pipeline
def squares(numbers: list[int] = [1, 2, 3]):
    return square.map(numbers)
"""


def new_cluster(port: int):
    from ray.cluster_utils import Cluster

    small = {"num_cpus": 1, "object_store_memory": 80_000_000, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=small | {"gcs_server_port": port})
    cluster.add_node(num_cpus=1, object_store_memory=80_000_000)
    return cluster


def kill(node, *kinds: str) -> None:
    for kind in kinds:
        for one in node.all_processes[kind]:
            one.process.kill()
            one.process.wait()  # its workers take a zombie for alive


@pytest.fixture(scope="module")
def cluster():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        made = new_cluster(*free_ports(1))
        yield made
        made.shutdown()


@pytest.fixture(scope="module")
def shared(cluster):
    executor = RayTasks(cluster.address, wait=60)
    yield executor
    executor.close()


class TestRay(ExecutorContract):
    @pytest.fixture
    def executor(self, shared):
        return shared


def wait_for(steps: Steps, n: int, times: int = 1) -> None:
    place = Path(f"{steps.marks}.{n}")
    until(lambda: place.exists() and len(place.read_text().split()) == times, 120)


def test_a_step_that_fits_no_node_fails_after_a_while_and_says_so(cluster, tmp_path):
    executor = RayTasks(cluster.address, wait=1)
    steps = Steps(tmp_path, executor, STEPS)
    steps.start("first", 1, cpu=64.0)
    failure = steps.end().outcome.failure
    executor.close()
    assert failure.message == "no node of the cluster has 64 CPU (for 1 s)"


def test_the_steps_of_a_lost_node_are_reported_as_lost_and_the_others_go_on(cluster, shared, tmp_path):
    steps = Steps(tmp_path, shared, STEPS)
    names = [steps.start("meet", n) for n in range(2)]
    for n in range(2):
        wait_for(steps, n)
    [node] = cluster.worker_nodes
    kill(node, "raylet")
    lost, end = steps.ended.get(timeout=120)
    assert (lost in names, end.lost) == (True, True)
    steps.marks.write_text("go")
    other, end = steps.ended.get(timeout=60)
    assert (other != lost, end.outcome.failure) == (True, None)
    cluster.remove_node(node)
    cluster.add_node(num_cpus=1, object_store_memory=80_000_000)
    assert steps.run("first", 5) == 5


@pytest.fixture
def ray_settings(monkeypatch, cluster):
    monkeypatch.setenv("MEGURU_EXECUTOR", "ray")
    monkeypatch.setenv("MEGURU_RAY", cluster.address)
    executors.forget()
    yield
    executors.forget()


@pytest.mark.soak
def test_a_run_outlives_the_head_of_the_cluster_and_keeps_what_was_done(cluster, ray_settings, tmp_path):
    steps = Steps(tmp_path, executors.of("process"), STEPS)
    with open_local(tmp_path / "ws") as ws, ThreadPoolExecutor(1) as pool:
        target = f"{tmp_path}/project/steps.py"
        assert run_file(ws, f"{target}:squares").state == "succeeded"
        running = pool.submit(run_file, ws, f"{target}:flow", {"n": 7})
        wait_for(steps, 7)
        kill(cluster.head_node, "gcs_server", "raylet")
        port = int(cluster.address.rpartition(":")[2])
        for node in [*cluster.worker_nodes, cluster.head_node]:
            node.kill_all_processes(check_alive=False, allow_graceful=False, wait=True)
        cluster.__dict__.update(new_cluster(port).__dict__)
        place = Path(f"{steps.marks}.7")
        until(lambda: running.done() or len(place.read_text().split()) == 2, 120)
        steps.marks.write_text("go")
        run = running.result(timeout=120)
    assert run.state == "succeeded", run.failed
    attempts = {one.step: (one.attempt, one.failures) for one in run.steps}
    assert attempts == {"first": (1, 0), "meet": (2, 0), "first-2": (1, 0)}
