"""The workspace of a project is found from every folder of it; nobody else's is."""

import os
from pathlib import Path

import pytest

from meguru.base.roots import find_workspace
from meguru.base.settings import load_settings


@pytest.fixture
def project(tmp_path, monkeypatch):
    root = tmp_path / "shop"
    (root / "src" / "deep").mkdir(parents=True)
    monkeypatch.chdir(root / "src" / "deep")
    return root


def workspace(folder):
    (folder / ".meguru").mkdir()
    (folder / ".meguru" / "meguru.db").touch()


def test_the_nearest_workspace_upwards_is_the_projects(project):
    workspace(project)
    assert find_workspace() == str(project / ".meguru")
    assert load_settings({}).workspace == str(project / ".meguru")
    workspace(project / "src")
    assert find_workspace() == str(project / "src" / ".meguru")


def test_a_project_file_marks_the_root_before_there_is_a_workspace(project):
    (project / "meguru.toml").touch()
    assert find_workspace() == str(project / ".meguru")


def test_without_a_project_it_is_this_folder(project):
    (project / ".meguru").mkdir()  # a folder of that name alone is no workspace
    assert find_workspace() == ".meguru"
    workspace(Path.cwd())
    assert find_workspace() == ".meguru"


def test_what_is_said_goes_before_what_is_found(project):
    workspace(project)
    assert load_settings({"MEGURU_WORKSPACE": "other"}).workspace == "other"
    assert load_settings({}, workspace="third").workspace == "third"


def test_the_workspace_of_somebody_else_above_is_passed_by(project, monkeypatch):
    workspace(project)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert find_workspace() == ".meguru"


def test_a_folder_that_was_removed_meanwhile_is_no_crash(project):
    here = Path.cwd()
    here.rmdir()
    assert find_workspace() == ".meguru"
