"""One pipeline whose steps run in each kind of place."""

from __future__ import annotations

from textwrap import dedent

import pytest

from meguru.app.open import open_local
from meguru.pipelines.runner import run_file

pytestmark = pytest.mark.integration

FLOW = """
    import os, threading, time
    from importlib.metadata import version
    from meguru import pipeline, step

    @step
    def process(n: int) -> list[int]:
        return [os.getpid(), threading.get_ident() == threading.main_thread().ident]

    @step(isolation="thread")
    def thread(n: int) -> list[int]:
        print("in a thread")
        return [os.getpid(), threading.get_ident() == threading.main_thread().ident]

    @step(env="envs/requirements.txt")
    def other(n: int) -> str:
        return version("iniconfig")

    @step
    def together(parts: list) -> list:
        return parts

    @pipeline
    def places(n: int = 1):
        return together([process(n), thread(n), other(n)])

    @step(resources={"memory": "150MB"})
    def hungry(n: int) -> int:
        x = b"x" * 300_000_000
        time.sleep(600)
        return n

    @pipeline
    def eats(n: int = 1):
        return hungry(n)

    @step(isolation="thread", timeout=1.5)
    def slow(n: int) -> int:
        time.sleep(60)
        return n

    @pipeline
    def waits(n: int = 1):
        return slow(n)

    @step(resources={"cpu": 1000})
    def huge(n: int) -> int:
        return n

    @pipeline
    def asks(n: int = 1):
        return huge(n)
"""


@pytest.fixture
def run(tmp_path):
    project = tmp_path / "project"
    (project / "envs").mkdir(parents=True)
    (project / "pyproject.toml").write_text("")
    (project / "envs" / "requirements.txt").write_text("iniconfig==2.0.0\n")
    (project / "flow.py").write_text(dedent(FLOW))
    with open_local(tmp_path / "ws") as ws:
        yield lambda name, **params: (ws, run_file(ws, f"{project}/flow.py:{name}", params))


def value(ws, run, step: str):
    from meguru.compute.materializers import ValueStore, load

    [made] = [one.outputs[0] for one in run.steps if one.step == step]
    return load(made, None, ValueStore(ws.blobs, None))


def test_each_step_runs_where_it_says(run):
    ws, done = run("places")
    assert done.state == "succeeded", done.failed
    process, thread = value(ws, done, "process"), value(ws, done, "thread")
    assert (process[1], thread[1]) == (True, False)
    assert process[0] != thread[0]
    assert value(ws, done, "other") == "2.0.0"
    again = run("places")[1]
    assert {one.state.value for one in again.steps} == {"cached"}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("eats", "it used more than its 150 MB of memory"),
        ("waits", "it ran longer than its limit of 1.5 s"),
        ("asks", "step huge can never run here: it wants 1000 cpu"),
    ],
)
def test_a_step_that_takes_too_much_fails_with_the_reason(run, name, why):
    _, done = run(name)
    assert done.state == "failed"
    assert done.failed.message.startswith(why)
