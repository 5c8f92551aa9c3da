"""Copies of models on the local disk are mended, also by two threads at once."""

import shutil
from pathlib import Path

import pytest

from meguru.base import digests
from meguru.registry.cache import fetch_model


def files_of(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_copy_that_was_changed_is_fetched_again(workspace, put_tree):
    folder = fetch_model(workspace, put_tree())
    before = files_of(folder)
    (folder / "MLmodel").write_text("another")
    (folder / "more").write_text("x")
    assert fetch_model(workspace, folder.name) == folder
    assert files_of(folder) == before


@pytest.mark.parametrize(("place", "name"), [(Path, "rglob"), (digests, "of_file")], ids=["listed", "read"])
def test_a_copy_that_another_thread_moves_away_meanwhile_is_fetched_again(
    workspace, put_tree, monkeypatch, place, name
):
    folder = fetch_model(workspace, put_tree())
    before, real = files_of(folder), getattr(place, name)

    def gone(*given):
        if folder.exists():
            shutil.rmtree(folder)
            raise FileNotFoundError(folder)
        return real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(place, name, gone)
        assert fetch_model(workspace, folder.name) == folder
    assert files_of(folder) == before
