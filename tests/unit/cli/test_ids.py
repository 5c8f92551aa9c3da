"""Ids as people type them: by a unique beginning, or as the last one; here and on a server the same."""

from __future__ import annotations

import json
import sys

import pytest

from meguru.api.native import native_routes
from meguru.app.nouns import load_operations
from meguru.cli.errors import run
from meguru.cli.ids import begins, expand, is_short
from meguru.cli.root import root
from meguru.errors import NotFound, UsageError
from meguru.kernel.remote import RemoteWorkspace
from meguru.server.access import Access
from meguru.tracking.runs import start


@pytest.fixture(params=["here", "on a server"])
def place(request, workspace):
    if request.param == "here":
        yield workspace
        return
    from starlette.applications import Starlette
    from starlette.testclient import TestClient

    load_operations()
    app = Access(Starlette(routes=native_routes()), ws=workspace, auth=False)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        remote = RemoteWorkspace("http://127.0.0.1")
        remote.http.close()
        remote.http = client
        yield remote


@pytest.fixture
def ids(workspace):
    return [start(workspace, experiment="delay").id for _ in range(3)]


def test_last_is_the_newest_and_counts_back(place, ids):
    assert expand(place, "@last", ["run"]) == ids[2]
    assert expand(place, "@last~2", ["prun", "run"]) == ids[0]
    assert expand(place, "@last", ["run"], as_ref=True) == f"run/{ids[2]}"
    assert expand(place, "run/@last", ["run"]) == f"run/{ids[2]}"


def test_there_is_no_last_of_nothing(place, ids):
    with pytest.raises(NotFound, match="there is no @last here"):
        expand(place, "@last", ["prun"])
    with pytest.raises(NotFound, match="@last~3 here: there are 3"):
        expand(place, "@last~3", ["run"])


def test_a_unique_beginning_is_enough_with_or_without_its_kind(place, ids):
    short = ids[0][:-1] if ids[0][:-1] not in {each[:-1] for each in ids[1:]} else ids[0]
    assert expand(place, short, ["run"]) == ids[0]
    assert expand(place, short.removeprefix("run-"), ["prun", "run"]) == ids[0]
    assert expand(place, ids[0], ["run"]) == ids[0]


def test_a_beginning_of_several_is_refused_with_them(place, ids):
    with pytest.raises(UsageError) as caught:
        expand(place, ids[0][:8], ["run"])
    assert all(each in caught.value.why for each in ids)


def test_what_begins_nothing_is_left_to_the_command(place, ids):
    assert expand(place, "run-0zzz", ["run"]) == "run-0zzz"
    assert begins(place, ["run"], "0zzz") == []
    assert begins(place, ["run"], "") == ids[::-1]


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("@last", True),
        ("@last.train", True),
        ("prun-01m8hf", True),
        ("prun-01m8hf.train", True),
        ("pipeline_run/prun-01m8hf", True),
        ("step_run/prun-01m8hf.train", True),
        ("01m8hf", True),
        ("prun-01m8hf8tmtw0000000000000ab", False),
        ("01m", False),
        ("delay", False),
        ("model/delay@3", False),
        ("endpoint/prun-01m8hf", False),
        ("sweep-01m8hf", False),
        ("", False),
    ],
)
def test_only_what_looks_like_a_part_of_an_id_is_looked_for(text, short):
    assert is_short(text, ["prun"]) is short


FLOW = """
from meguru import pipeline, step

@step(isolation="thread")
def train(x: int) -> int:
    print("trained", x)
    return x

@pipeline
def flow(x: int = 1):
    return train(x)
"""


def test_commands_take_them_wherever_they_take_an_id(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MEGURU_WORKSPACE", raising=False)
    (tmp_path / "flow.py").write_text(FLOW)

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["meguru", *words])
        code = run(root)
        caught = capsys.readouterr()
        assert code == 0, caught.err
        return caught.out

    call("run", "flow.py:flow", "-p", "x=7")
    full = json.loads(call("runs", "list", "--json"))["items"][0]["id"]
    assert full in call("runs", "show", "@last")
    assert full in call("runs", "show", full[:-2])
    assert call("runs", "log", "@last.train") == "trained 7\n"
    assert call("runs", "log", f"{full[:12]}.train") == "trained 7\n"
    assert "step_run" in call("why", "@last.train") or full in call("why", "@last.train")
    assert full in call("why", "@last", "--json")
    assert "trained 7" in call("runs", "search", "trained", "--run", "@last")
    call("runs", "check", "@last.train")
    assert full in call("events", "--subject", "@last")
