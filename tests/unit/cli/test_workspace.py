"""Which workspace a command works in, and that none is made silently."""

import sys

import pytest

from meguru.cli.errors import run
from meguru.cli.root import root


@pytest.fixture
def meguru(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MEGURU_WORKSPACE", raising=False)

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["meguru", *words])
        code = run(root)
        caught = capsys.readouterr()
        return code, caught.out, caught.err

    return call


def test_a_subfolder_works_in_the_workspace_of_its_project(meguru, tmp_path, monkeypatch):
    meguru("init")
    meguru("pool", "set", "gpu", "2")
    (tmp_path / "src").mkdir()
    monkeypatch.chdir(tmp_path / "src")
    assert "gpu" in meguru("pool", "list")[1]
    assert meguru("pool", "set", "licences", "1")[2] == ""
    assert not (tmp_path / "src" / ".meguru").exists()


def test_a_command_that_makes_a_workspace_says_so_in_one_line(meguru, tmp_path):
    code, _, err = meguru("pool", "set", "gpu", "2")
    assert (code, err) == (0, f"a new workspace: {tmp_path / '.meguru'}\n")
    assert meguru("pool", "set", "gpu", "3")[2] == ""
    assert meguru("pool", "set", "gpu", "3", "--json", "-w", "other")[2] == ""


def test_a_command_that_only_looks_makes_none(meguru, tmp_path):
    code, _, err = meguru("pool", "list")
    assert (code, "meguru init" in err) == (3, True)
    assert not (tmp_path / ".meguru").exists()


def test_init_makes_a_second_one_and_says_that_there_is_one_above(meguru, tmp_path):
    meguru("init", "shop")
    code, _, err = meguru("init", "shop/inner")
    assert code == 0
    assert f"there is a workspace above already: {tmp_path / 'shop' / '.meguru'}" in err
    assert (tmp_path / "shop" / "inner" / ".meguru" / "meguru.db").exists()
