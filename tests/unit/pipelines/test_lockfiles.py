"""The lock file of a step's own environment is found, checked and stored when the pipeline is registered."""

from __future__ import annotations

import pytest

from meguru.compute.executors import environments
from meguru.errors import InvalidInput
from meguru.pipelines import lockfiles

FLOW = """
    from meguru import pipeline, step

    @step(env="ENV")
    def old(n: int) -> int:
        return n

    @step
    def new(n: int) -> int:
        return n

    @pipeline
    def flow(n: int = 1):
        return new(old(n))
"""


@pytest.fixture
def flow(project):
    project.write("pyproject.toml", "")
    project.write("flow.py", FLOW.replace("ENV", "envs/requirements.txt"))
    project.write("envs/requirements.txt", "iniconfig==2.0.0\n")
    return project


def key_parts(version) -> tuple[str, str]:
    return version.codes["old"].environment.digest, version.codes["new"].environment.digest


def test_the_graph_has_the_digest_of_the_stored_lock_file(flow):
    step = flow.register("flow.py:flow").graph.steps[0]
    path, digest = lockfiles.split(step.env)
    assert path == "envs/requirements.txt"
    assert flow.ws.blobs.has(digest)


def test_a_changed_lock_file_changes_the_keys_of_its_steps_alone(flow):
    before = key_parts(flow.register("flow.py:flow"))
    flow.write("envs/requirements.txt", "iniconfig==2.1.0\n")
    after = key_parts(flow.register("flow.py:flow"))
    assert (before[0] == after[0], before[1] == after[1]) == (False, True)


def test_an_unchanged_file_is_registered_without_importing_it(flow, monkeypatch):
    first = flow.register("flow.py:flow")
    monkeypatch.setattr("meguru.pipelines.load.trace", None)
    assert flow.register("flow.py:flow").ref == first.ref


@pytest.mark.parametrize(
    "line",
    [
        "iniconfig==2.0.0",
        "iniconfig == 2.0.0 ; python_version > '3'",
        "# a comment\n--index-url https://example.org\niniconfig==2.0.0 \\\n    --hash=sha256:ab",
        "iniconfig @ https://example.org/iniconfig.whl",
        "",
    ],
)
def test_exact_requirements_are_taken(flow, line):
    flow.write("envs/requirements.txt", line)
    assert flow.register("flow.py:flow").graph.steps[0].env


@pytest.mark.parametrize(
    "line",
    [
        "iniconfig",
        "iniconfig>=2",
        "iniconfig==2.*",
        "a==1\n-r other.txt",
        "-e .",
        "iniconfig==2,<3",
        "a>1 \\",
    ],
)
def test_what_may_be_another_version_tomorrow_is_refused(flow, line):
    flow.write("envs/requirements.txt", line)
    with pytest.raises(InvalidInput, match="does not say exactly what is to be installed") as refused:
        flow.register("flow.py:flow")
    assert "requirements.txt:" in refused.value.where


@pytest.mark.parametrize(
    ("env", "why"),
    [
        ("envs/gone.txt", "there is no such file"),
        ("flow.py", "its name tells no kind of lock file"),
        ("../outside/requirements.txt", "there is no such file"),
    ],
)
def test_a_lock_file_that_is_none_is_refused(flow, env, why):
    flow.write("flow.py", FLOW.replace("ENV", env))
    with pytest.raises(InvalidInput, match="can't have the environment") as refused:
        flow.register("flow.py:flow")
    assert refused.value.why == why


def test_a_lock_of_uv_needs_its_project_file(flow):
    flow.write("flow.py", FLOW.replace("ENV", "envs/uv.lock"))
    flow.write("envs/uv.lock", "version = 1\n")
    with pytest.raises(InvalidInput, match="no pyproject"):
        flow.register("flow.py:flow")
    flow.write("envs/pyproject.toml", "[project]\nname = 'x'\n")
    assert flow.register("flow.py:flow").graph.steps[0].env.startswith("envs/uv.lock@")


def test_what_builds_an_environment_sees_no_secret_of_the_server(tmp_path, monkeypatch):
    (tmp_path / "uv").write_text(f"#!/bin/sh\nenv > {tmp_path}/seen\nexit 1\n")
    (tmp_path / "uv").chmod(0o700)
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks/requirements.txt").write_text("iniconfig==2.0.0\n")
    for name, value in (("UV", f"{tmp_path}/uv"), ("MEGURU_SECRET_KEY", "hunter2"), ("HTTPS_PROXY", "x")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(InvalidInput, match="could not be built"):
        environments.build_from(tmp_path / "locks", "requirements.txt")
    seen = (tmp_path / "seen").read_text()
    assert ("hunter2" in seen, "HTTPS_PROXY=x" in seen) == (False, True)
