"""An environment asks where code comes from: a branch, clean, reviewed; what CI tells decides."""

from __future__ import annotations

import subprocess
from textwrap import dedent

import pytest

from meguru import errors
from meguru.governance.code_policy.operations import attest
from meguru.kernel.principals import Principal
from meguru.pipelines.load import register_file
from meguru.pipelines.operations import deploy
from meguru.project.plan_apply import apply_plan, plan_project
from meguru.project.read import read_project
from meguru.registry.client import add_model
from meguru.releases.operations import check, create, promote
from meguru.serving.create import create as make_endpoint
from meguru.testing.models import make_model

TRAIN = """
    from meguru import pipeline, step

    @step
    def fit() -> int:
        return 1

    @pipeline
    def train():
        fit()
"""
FILE = """
    [project]
    name = "shop"

    [env.prod.policy]
    code = { branch = "main", clean = true, reviewed = true }
"""


def git(folder, *words):
    who = ("-c", "user.name=anna", "-c", "user.email=anna@example.com")
    done = subprocess.run(["git", "-C", folder, *who, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "train.py").write_text(dedent(TRAIN))
    (folder / "meguru.toml").write_text(dedent(FILE))
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    return folder


@pytest.fixture
def prod(workspace, repository):
    """Give the workspace with the policies of prod applied."""
    project = read_project(repository / "meguru.toml", environment="prod")
    apply_plan(workspace, plan_project(workspace, project), project)
    return workspace


def registered(ws, folder):
    return register_file(ws, f"{folder}/train.py:train").ref


def refusal(ws, ref):
    with pytest.raises(errors.Conflict) as refused:
        deploy(ws, name=ref)
    return refused.value


def test_code_runs_there_once_it_is_committed_merged_and_reviewed(prod, repository):
    head = git(repository, "rev-parse", "HEAD")
    (repository / "train.py").write_text(dedent(TRAIN).replace("return 1", "return 2"))
    dirty = refusal(prod, registered(prod, repository))
    assert "changes that were not committed" in dirty.why
    assert "commit them" in dirty.hint
    git(repository, "checkout", "-q", "train.py")
    clean = registered(prod, repository)
    said = refusal(prod, clean)
    assert f"where commit {head[:12]} comes from" in said.why
    assert f"meguru policy attest {head} --branch main" in said.hint
    attest(prod, commit=head, branch="feature", author="anna", approved_by=["ben"])
    assert "is not on main" in refusal(prod, clean).why
    attest(prod, commit=head, branch="main", approved_by=["ben"])
    assert "who wrote" in refusal(prod, clean).why
    attest(prod, commit=head, branch="main", author="anna", approved_by=["Anna"])
    assert "nobody but its author" in refusal(prod, clean).why
    attest(prod, commit=head, branch="main", author="anna", approved_by=["anna", "ben"])
    assert deploy(prod, name=clean).ref == clean


def test_a_model_that_comes_from_no_commit_goes_live_nowhere_there(prod):
    make_endpoint(prod, name="delay", model="delay")
    add_model(prod, "delay", make_model())
    made = check(prod, release=create(prod, endpoint="delay", model="delay@1").ref)
    with pytest.raises(errors.Conflict, match="may not run here") as refused:
        promote(prod, release=made.ref)
    assert "policy/code: its code comes from no commit" in refused.value.why


def test_only_who_may_attests_and_only_whole_commits(prod):
    anna = prod.with_(principal=Principal(name="anna", permissions=frozenset({"*:read", "pipeline:*"})))
    with pytest.raises(errors.Forbidden):
        attest(anna, commit="a" * 40, branch="main")
    for commit in ("abc", "A" * 40, "a" * 40 + "+"):
        with pytest.raises(errors.InvalidInput):
            attest(prod, commit=commit, branch="main")
    told = attest(prod, commit="a" * 40, branch="main")
    assert attest(prod, commit="a" * 40, branch="main") == told


def test_other_environments_ask_nothing(workspace, repository):
    project = read_project(repository / "meguru.toml")
    apply_plan(workspace, plan_project(workspace, project), project)
    (repository / "train.py").write_text(dedent(TRAIN).replace("return 1", "return 3"))
    ref = registered(workspace, repository)
    assert deploy(workspace, name=ref).ref == ref
