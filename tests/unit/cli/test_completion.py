"""The shell completes commands, options, names of things and ids."""

from __future__ import annotations

import subprocess

import pytest
from click.shell_completion import ShellComplete

from meguru.cli.errors import run
from meguru.cli.root import root
from meguru.pipelines.pools.operations import set_pool
from meguru.tracking.runs import start


@pytest.fixture
def complete(workspace, monkeypatch):
    monkeypatch.setenv("MEGURU_WORKSPACE", str(workspace.root))

    def offered(*words):
        *before, incomplete = words
        found = ShellComplete(root, {}, "meguru", "_MEGURU_COMPLETE").get_completions(before, incomplete)
        return [item.value for item in found]

    return offered


def test_commands_verbs_and_options_are_completed(complete):
    assert complete("mod") == ["model"]
    assert complete("runs", "s") == ["search", "show", "sync"]
    assert complete("runs", "retry", "--f") == ["--from"]
    assert complete("completion", "") == ["bash", "zsh", "fish"]


def test_names_are_asked_of_the_workspace(complete, workspace):
    set_pool(workspace, name="gpu", slots=2)
    set_pool(workspace, name="licences", slots=1)
    assert complete("pool", "remove", "g") == ["gpu"]
    assert complete("pool", "remove", "") == ["gpu", "licences"]


def test_ids_are_completed_newest_first_and_by_their_beginning(complete, workspace):
    first, second = (start(workspace, experiment="delay").id for _ in range(2))
    assert complete("runs", "show", "") == ["@last", second, first]
    assert complete("runs", "show", second[:-1]) == [
        each for each in (second, first) if each[:-1] == second[:-1]
    ]
    assert complete("runs", "compare", first, "@") == ["@last"]
    assert complete("backfill", "show", "bf-") == []


def test_a_workspace_that_is_not_there_completes_nothing(monkeypatch, tmp_path, complete):
    monkeypatch.setenv("MEGURU_WORKSPACE", str(tmp_path / "nowhere"))
    assert complete("pool", "remove", "") == []
    assert complete("pool", "remove", "--workspace", "http://127.0.0.1:9", "") == []
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_printed(shell, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["meguru", "completion", shell])
    assert run(root) == 0
    script = capsys.readouterr().out
    assert "_MEGURU_COMPLETE" in script
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
