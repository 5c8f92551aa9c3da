"""Steps in environments of their own: real packages in versions that the worker does not have."""

from __future__ import annotations

import shutil
import subprocess
import time
from importlib import import_module
from importlib.metadata import version

import polars as pl
import pytest

from meguru.artifacts import trees
from meguru.compute.executors import environments
from meguru.compute.executors.env import Environments
from meguru.flavors.bundle_writer import save_bundle
from meguru.flavors.model import Model
from meguru.modelhost.function_model import FunctionModel
from meguru.storage.blobs import open_store
from meguru.testing.contracts.executors import Steps, until

pytestmark = pytest.mark.integration

OTHER = "2.0.0"
"""A version of iniconfig, which is small and needs nothing, that the tests' environment does not have."""
STEPS = """
import importlib.metadata, sys

def which(n: int) -> list[str]:
    import iniconfig, msgspec
    return [importlib.metadata.version("iniconfig"), iniconfig.__file__, sys.prefix]

def outside(n: int) -> str:
    import hypothesis
    return hypothesis.__file__

def twice(x):
    from meguru import step
    import iniconfig
    return [2 * x, step.__name__, importlib.metadata.version("iniconfig")]

def children(n: int) -> list:
    import multiprocessing
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.map(twice, [n])[0]

def frame(n: int) -> int:
    import polars as pl
    return pl.DataFrame({"x": [n, n]}).height
"""


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def executor():
    executor = Environments()
    yield executor
    executor.close()


def steps_with(folder, executor, text: str, name: str = "requirements.txt", **files: str) -> Steps:
    lock = folder / "lock"
    lock.mkdir(parents=True)
    (lock / name).write_text(text)
    for other, its in files.items():
        (lock / other.replace("_", ".")).write_text(its)
    tree = trees.put_folder(open_store(folder / "blobs"), lock)
    return Steps(folder, executor, STEPS, env=tree, env_name=f"envs/{name}")


def test_a_step_has_the_versions_of_its_lock_file_and_nothing_else_of_the_workers(tmp_path, executor):
    assert version("iniconfig") != OTHER
    steps = steps_with(tmp_path, executor, f"iniconfig=={OTHER}\n")
    found, file, prefix = steps.run("which")
    assert found == OTHER
    assert file.startswith(prefix)
    assert steps.run("frame", 1) == 2
    assert steps.run("children", 4) == [8, "step", OTHER]
    steps.start("outside")
    assert steps.end().outcome.failure.message == "No module named 'hypothesis'"


def test_an_environment_is_built_once_and_needs_no_network_then(tmp_path, executor, monkeypatch):
    steps = steps_with(tmp_path, executor, f"iniconfig=={OTHER}\n")
    first = steps.run("which")
    executor.close()
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert steps.run("which") == first


@pytest.mark.skipif(environments.find_uv() is None, reason="uv is not installed")
def test_it_is_built_without_a_network_from_wheels_that_were_fetched_before(tmp_path, executor, monkeypatch):
    steps = steps_with(tmp_path, executor, f"iniconfig=={OTHER}\n")
    steps.run("which")
    monkeypatch.setenv("UV_OFFLINE", "1")
    again = steps_with(tmp_path / "again", executor, f"iniconfig=={OTHER}\n# built anew\n")
    assert again.run("which")[0] == OTHER


@pytest.mark.skipif(environments.find_uv() is None, reason="uv is not installed")
def test_a_lock_of_uv_is_taken_as_it_is(tmp_path, executor):
    project = tmp_path / "project-of-env"
    project.mkdir()
    text = f'[project]\nname = "x"\nversion = "1"\ndependencies = ["iniconfig=={OTHER}"]\n'
    (project / "pyproject.toml").write_text(text)
    subprocess.run([environments.find_uv(), "lock", "--project", project], check=True, capture_output=True)
    steps = steps_with(tmp_path, executor, (project / "uv.lock").read_text(), "uv.lock", pyproject_toml=text)
    assert steps.run("which")[0] == OTHER


def test_an_environment_that_cannot_be_built_is_a_failed_step_that_says_why(tmp_path, executor):
    steps = steps_with(tmp_path, executor, "iniconfig==0.0.0.1\n")
    steps.start("which")
    failure = steps.end().outcome.failure
    assert failure.message.startswith("the environment envs/requirements.txt could not be built")
    assert "iniconfig" in failure.error["why"]


def test_a_build_that_was_interrupted_begins_anew(tmp_path, executor):
    steps = steps_with(tmp_path, executor, f"iniconfig=={OTHER}\n# another\n")
    half = environments.folder_of(steps.always["env"]) / "venv"
    half.mkdir(parents=True)
    (half / "rubbish").write_text("")
    assert steps.run("which")[0] == OTHER
    assert not (half / "rubbish").exists()


def test_a_step_that_is_ended_while_its_environment_is_built_ends_at_once(tmp_path, executor):
    steps = steps_with(tmp_path, executor, f"iniconfig=={OTHER}\n# a third\n")
    name = steps.start("which")
    executor.kill(name)
    assert steps.end().outcome.failure.message.startswith("it was ended")
    until(lambda: environments.is_built(steps.always["env"]), 120)
    shutil.rmtree(environments.folder_of(steps.always["env"]))


def test_a_function_model_runs_in_the_environment_of_its_lock_file(tmp_path, monkeypatch):
    (tmp_path / "versions_code.py").write_text(
        "import iniconfig\nfrom importlib.metadata import version\n\n\n"
        "def predict(rows: list):\n    return {'version': [version('iniconfig') for _ in rows]}\n"
    )
    lock = tmp_path / "requirements.txt"
    lock.write_text(f"iniconfig=={OTHER}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    target = FunctionModel(target=import_module("versions_code").predict, env=str(lock))
    frame = pl.DataFrame({"x": [1.0]})
    task = {"task": "generic", "outputs": [{"name": "version", "type": "string"}]}
    model = save_bundle(Model(estimator=target, example=frame, task=task), tmp_path / "model")
    assert model.predict(frame) == {"version": [OTHER]}
    model.predictor.close()
    start = time.monotonic()
    assert model.predict(frame) == {"version": [OTHER]}
    print(f"first answer after {time.monotonic() - start:.2f} s")  # noqa: T201
    model.predictor.close()
