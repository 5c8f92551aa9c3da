"""What surrounds a run is kept without being asked for, bounded and without secrets."""

from __future__ import annotations

import random
import subprocess
import sys

import msgspec
import pytest

from meguru.app.open import open_local
from meguru.errors import masked
from meguru.tracking.captured import git, is_captured, packages
from meguru.tracking.captured.command import command
from meguru.tracking.captured.seeds import seeds
from meguru.tracking.operations import artifacts, list_runs

TOKEN = "ghp_" + "a1" * 18
SCRIPT = """
import sys
from meguru import run

with run("train", workspace=sys.argv[1]) as r:
    r.log(auc=0.5)
"""


@pytest.fixture
def tree(tmp_path):
    """Make a work tree with one commit of one script."""
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "train.py").write_text(SCRIPT)
    ask(folder, "init", "-b", "trunk")
    ask(folder, "add", ".")
    ask(folder, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-m", "first")
    ask(folder, "remote", "add", "origin", "https://me:password@example.org/x.git")
    return folder


def ask(folder, *question):
    done = subprocess.run(["git", *question], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_a_run_in_a_work_tree_keeps_its_commit_diff_command_and_environment(tree, tmp_path):
    (tree / "train.py").write_text(SCRIPT + f"\ntoken = '{TOKEN}'\nepochs = 3\n")
    (tree / "uv.lock").write_text("lock")
    program = [sys.executable, "train.py", str(tmp_path / "ws"), "--api-key", "hunter2", "--lr=0.1"]
    subprocess.run(program, cwd=tree, check=True, capture_output=True)
    with open_local(tmp_path / "ws") as ws:
        (found,) = list_runs(ws).items
        files = {file.path: file for file in artifacts(ws, run=found.id)}
        diff = ws.blobs.get_bytes(files["meguru/uncommitted.diff"].digest).decode()
        system = msgspec.json.decode(ws.blobs.get_bytes(files["meguru/system.json"].digest))
    tags = found.tags
    assert all(is_captured(tag) for tag in tags)
    assert tags["mlflow.source.git.commit"] == ask(tree, "rev-parse", "HEAD")
    assert tags["mlflow.source.git.branch"] == "trunk"
    assert tags["mlflow.source.git.repoURL"] == "https://me:***@example.org/x.git"
    assert tags["mlflow.source.name"].endswith("train.py")
    assert tags["meguru.git.dirty"] == "true"
    assert tags["meguru.command"].endswith("--api-key *** --lr=0.1")
    assert tags["meguru.lock"].startswith("uv.lock ")
    assert "+epochs = 3" in diff
    assert TOKEN not in diff
    assert system["packages"]["msgspec"] == msgspec.__version__
    assert system["untracked"] == ["uv.lock"]


def test_a_parent_that_the_environment_names_is_kept(tree, tmp_path, monkeypatch):
    monkeypatch.setenv("MEGURU_PARENT", "pipeline_run/prun-1")
    subprocess.run([sys.executable, "train.py", str(tmp_path / "ws")], cwd=tree, check=True)
    with open_local(tmp_path / "ws") as ws:
        assert list_runs(ws).items[0].tags["meguru.parent"] == "pipeline_run/prun-1"


def test_nothing_is_kept_when_that_is_wished(tree, tmp_path, monkeypatch):
    monkeypatch.setenv("MEGURU_NO_CAPTURE", "1")
    subprocess.run([sys.executable, "train.py", str(tmp_path / "ws")], cwd=tree, check=True)
    with open_local(tmp_path / "ws") as ws:
        assert list_runs(ws).items[0].tags == {}


def test_a_clean_tree_has_no_diff_and_a_folder_without_git_no_state(tree, tmp_path):
    state = git.state_of(tree)
    assert (state.diff, state.untracked, state.is_dirty) == ("", [], False)
    assert git.state_of(tmp_path) is None


def test_a_long_diff_is_cut_and_says_so(tree, monkeypatch):
    monkeypatch.setattr(git, "MAX_DIFF", 1000)
    (tree / "train.py").write_text("x = 1\n" * 10_000)
    diff = git.state_of(tree).diff
    assert len(diff) < 1100
    assert diff.endswith("… cut at 1000 bytes\n")


def test_a_tree_can_not_make_git_run_its_own_programs(tree, tmp_path):
    marker = tmp_path / "ran"
    ask(tree, "config", "diff.external", f"touch {marker}")
    ask(tree, "config", "core.fsmonitor", f"touch {marker}")
    (tree / "train.py").write_text("changed")
    assert "+changed" in git.state_of(tree).diff
    assert not marker.exists()


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (["t.py", "--password", "x", "y"], "t.py --password *** y"),
        (["t.py", "--db-password=x", "a b"], "t.py --db-password=*** 'a b'"),
        (["t.py", "SECRET=x", ""], "t.py SECRET=*** ''"),
        (["t.py", "--token", "--verbose"], "t.py --token --verbose"),
        (["t.py", "postgresql://u:p@h/d"], "t.py postgresql://u:***@h/d"),
    ],
)
def test_a_command_is_kept_without_secrets(given, shown):
    assert command(given, masked) == shown


def test_the_same_start_of_random_numbers_has_the_same_mark():
    random.seed(7)
    first = seeds()["random"]
    random.random()
    assert seeds()["random"] != first
    random.seed(7)
    assert seeds()["random"] == first


def test_packages_are_read_without_importing_them(tmp_path, monkeypatch):
    for name in ("some_thing-1.2.dist-info", "old-0.1-py3.11.egg-info", "other.txt"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "none")])
    assert packages.installed() == {"some-thing": "1.2", "old": "0.1"}


def test_a_lock_file_is_looked_for_up_to_the_root_of_the_project(tmp_path):
    (tmp_path / "poetry.lock").write_text("outside")
    project = tmp_path / "project"
    (project / "src").mkdir(parents=True)
    (project / "pyproject.toml").touch()
    assert packages.lock_of(project / "src") == ("", "")
    (project / "uv.lock").write_text("inside")
    assert packages.lock_of(project / "src")[0] == "uv.lock"
