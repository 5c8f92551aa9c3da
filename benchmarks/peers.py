"""The same no-op pipeline in other tools, each as a whole process from an environment of its own.

``python benchmarks/peers.py FOLDER`` expects ``FOLDER/<tool>/bin/python`` for each tool to be measured
(``python -m venv FOLDER/metaflow && FOLDER/metaflow/bin/pip install metaflow``, and so on).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

METAFLOW = """
from metaflow import FlowSpec, step

class Row(FlowSpec):
    @step
    def start(self):
        self.x = 0
        self.next(self.s1)
{steps}
    @step
    def end(self):
        pass

if __name__ == "__main__":
    Row()
"""
METAFLOW_STEP = """
    @step
    def s{n}(self):
        self.x += 1
        self.next(self.{after})
"""
PREFECT = """
from prefect import flow, task

@task
def again(x: int) -> int:
    return x + 1

@flow
def row(x: int = 0):
    for _ in range({count}):
        x = again(x)
    return x

row()
"""
ZENML = """
from zenml import pipeline, step

@step
def again(x: int) -> int:
    return x + 1

@pipeline(enable_cache=True)
def row():
    x = 0
    for _ in range({count}):
        x = again(x)

row()
"""
DAGSTER = """
from dagster import In, job, op

@op(ins={{"x": In(int)}})
def again(x):
    return x + 1

@op
def start():
    return 0

@job
def row():
    x = start()
    for n in range({count}):
        x = again.alias(f"again_{{n}}")(x)

assert row.execute_in_process().success
"""


def metaflow(python: Path, folder: Path, count: int) -> tuple[Callable[[], None], Callable[[], None]]:
    """A process for each step; the second time ``resume`` clones all of them."""
    steps = "".join(
        METAFLOW_STEP.format(n=n, after=f"s{n + 1}" if n < count else "end") for n in range(1, count + 1)
    )
    (folder / "flow.py").write_text(METAFLOW.format(steps=steps))
    base = [str(python), "flow.py", "--no-pylint"]
    env = {"METAFLOW_HOME": str(folder), "METAFLOW_USER": "bench", "USERNAME": "bench"}
    return (lambda: call([*base, "run"], folder, env), lambda: call([*base, "resume"], folder, env))


def dvc(python: Path, folder: Path, count: int) -> tuple[Callable[[], None], Callable[[], None]]:
    """A shell command for each stage."""
    stages = "".join(
        f"  s{n}:\n    cmd: cp f{n}.txt f{n + 1}.txt\n    deps: [f{n}.txt]\n    outs: [f{n + 1}.txt]\n"
        for n in range(count)
    )
    (folder / "dvc.yaml").write_text("stages:\n" + stages)
    (folder / "f0.txt").write_text("0")
    command = str(python.parent / "dvc")
    env = {"DVC_NO_ANALYTICS": "1"}
    call(["git", "init", "-q"], folder, {})
    call([command, "init", "-q"], folder, env)
    return (lambda: call([command, "repro"], folder, env),) * 2


def prefect(python: Path, folder: Path, count: int) -> tuple[Callable[[], None], Callable[[], None]]:
    """Tasks in one process, with a temporary server; nothing is cached unless it is asked for."""
    (folder / "flow.py").write_text(PREFECT.format(count=count))
    env = {"PREFECT_HOME": str(folder / "home"), "PREFECT_LOGGING_LEVEL": "ERROR", "DO_NOT_TRACK": "1"}
    env["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"] = "120"
    return (lambda: call([str(python), "flow.py"], folder, env),) * 2


def zenml(python: Path, folder: Path, count: int) -> tuple[Callable[[], None], Callable[[], None]]:
    """Steps in one process, on the local stack."""
    (folder / "flow.py").write_text(ZENML.format(count=count))
    env = {
        "ZENML_CONFIG_PATH": str(folder / "home"),
        "ZENML_ANALYTICS_OPT_IN": "false",
        "ZENML_LOGGING_VERBOSITY": "ERROR",
        "AUTO_OPEN_DASHBOARD": "false",
    }
    call([str(python), "-m", "zenml.cli.cli", "version"], folder, env, check=False)
    return (lambda: call([str(python), "flow.py"], folder, env),) * 2


def dagster(python: Path, folder: Path, count: int) -> tuple[Callable[[], None], Callable[[], None]]:
    """Ops in one process; a job's ops are not cached."""
    (folder / "flow.py").write_text(DAGSTER.format(count=count))
    env = {"DAGSTER_HOME": str(folder), "DAGSTER_DISABLE_TELEMETRY": "1"}
    return (lambda: call([str(python), "flow.py"], folder, env),) * 2


PEERS = {"metaflow": metaflow, "dvc": dvc, "zenml": zenml, "prefect": prefect, "dagster": dagster}


def call(command: list[str], folder: Path, env: dict[str, str], *, check: bool = True) -> None:
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        command, cwd=folder, env=kept | env, capture_output=True, text=True, check=False, timeout=600
    )
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout[-500:]}{done.stderr[-500:]}")


def seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(environments: Path, count: int) -> dict[str, tuple[float, float]]:
    """Return, by tool, seconds of the first run in a store that was used before, and of the same again."""
    found = {}
    for name, make in PEERS.items():
        python = environments / name / "bin" / "python"
        if not python.exists():
            print(f"{name}: not installed, not measured")
            continue
        with tempfile.TemporaryDirectory() as warm, tempfile.TemporaryDirectory() as cold:
            try:
                make(python, Path(warm), 1)[0]()  # bytecode
                first, again = make(python, Path(cold), count)
                found[name] = (seconds(first), seconds(again))
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                print(f"{name}: did not run: {error}")
                continue
            print(
                f"{name:<10} {count} steps {found[name][0]:7.2f} s, again {found[name][1]:7.2f} s", flush=True
            )
    return found


if __name__ == "__main__":
    measure(Path(sys.argv[1]).resolve(), 50)
