"""Environments side by side: what runs in each, by digest, and what differs."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial

import pytest

from meguru.app import calls
from meguru.app.open import open_local
from meguru.app.status.digests import digests
from meguru.app.status.side_by_side import all_digests, compare
from meguru.errors import Busy
from meguru.pipelines.load import register_file
from meguru.pipelines.operations import deploy

TRAIN = """
from meguru import pipeline, step


@step
def fit() -> int:
    return {number}


@pipeline
def {name}():
    fit()
"""


def deployed(ws, folder, name, number):
    (folder / f"{name}.py").write_text(TRAIN.format(name=name, number=number))
    deploy(ws, name=register_file(ws, f"{folder}/{name}.py:{name}").ref)


@pytest.fixture
def staging(tmp_path):
    with open_local(tmp_path / "staging") as ws:
        yield ws


def test_what_runs_is_held_side_by_side_by_digest(workspace, staging, tmp_path):
    for ws, number in ((workspace, 1), (staging, 2)):
        deployed(ws, tmp_path, "same", 1)
        deployed(ws, tmp_path, "other", number)
    deployed(workspace, tmp_path, "alone", 1)

    def away():
        raise Busy("the server does not answer", why="refused")

    found = compare(
        {"dev": lambda: nullcontext(workspace), "staging": lambda: nullcontext(staging), "prod": away}
    )
    assert found.differs == ["pipeline/alone", "pipeline/other"]
    assert found.unreached == {"prod": "the server does not answer (refused)"}
    same = next(each for each in found.things if each.what == "pipeline/same")
    assert {name: line.digest for name, line in same.by.items()} == {
        "dev": digests(workspace).items[2].digest,
        "staging": digests(workspace).items[2].digest,
    }


def test_all_that_runs_is_compared_however_many_pages_it_has(workspace, tmp_path, monkeypatch):
    names = ["a", "b", "c"]
    for name in names:
        deployed(workspace, tmp_path, name, 1)
    monkeypatch.setattr(calls, "status_digests", partial(digests, limit=1))
    assert [each.what for each in all_digests(workspace)] == [f"pipeline/{name}" for name in names]
    first = digests(workspace, limit=2)
    assert (len(first.items), first.next_cursor) == (2, "pipeline/b")
