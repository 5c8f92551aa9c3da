"""The first tutorial works as it is written: its files, its commands, and what they are said to print."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from functools import partial
from urllib.request import urlopen

import pytest

from meguru.testing.processes import running

from .page import DOCS, HERE, blocks, port, run, serve

WHY = "endpoint/tumours: release/tumours@3 was promoted: model/tumours@3 is to replace model/tumours@1"
TOLD = ("made model/tumours@2", "exit code 5", "'count': 269", "alert", '"settled":true', "intact: ", WHY)


def test_the_first_tutorial_goes_round_once(tmp_path):
    here, folder, said = f"127.0.0.1:{port()}", tmp_path, []
    with ExitStack() as stack:
        for name, text in blocks(DOCS / "tutorials" / "first-wheel.md"):
            local = text.replace(HERE, here)
            if name:
                (folder / name).write_text(local)
            elif text.startswith("cd "):
                folder /= text.removeprefix("cd ")
            elif text == "meguru up":
                stack.enter_context(serve(folder, here, "tumours"))
            else:
                said.append(run(local, folder))
    whole = "\n".join(said)
    for words in TOLD:
        assert words in whole, words


def test_the_tutorial_of_pipelines_works_as_it_is_written(tmp_path):
    said, folder = [], tmp_path
    for name, text in blocks(DOCS / "tutorials" / "pipelines.md"):
        if name:
            (folder / name).write_text(text)
        elif text.startswith("mkdir"):
            folder = tmp_path / "orders"
            folder.mkdir()
        elif not text.startswith("pip "):
            said.append(run(text, folder))
    whole = "\n".join(said)
    for words in (
        "ran 15, cached 0",
        "reading 30 days of tokyo",
        "ran 1, cached 4",
        "ran 9, cached 1",
        "constant `MOST` in cleaning.py:2: 90 became 80",
        "skipped 1",
    ):
        assert words in whole, words
    assert "failed" not in whole


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_the_tutorial_of_loans_works_as_it_is_written(tmp_path):
    number = port()
    here, said = f"127.0.0.1:{number}", []
    with ExitStack() as stack:
        for name, text in blocks(DOCS / "tutorials" / "loans.md"):
            assert not name
            local = text.replace(HERE, here)
            if local.startswith("meguru up"):
                command = [sys.executable, "-m", *local.split(), "--port", str(number)]
                stack.enter_context(running(command, tmp_path / "up.log", partial(answers, here)))
            else:
                said.append(run(local, tmp_path))
    whole = "\n".join(said)
    for words in (
        "is certainly above 0.08",
        "exit code 4",
        "release/loans@1  waiver_ended",
        "ended: complaints from two branches",
        "trained on",
        "whole: release/loans@1",
    ):
        assert words in whole, words


def answers(here):
    try:
        with urlopen(f"http://{here}/health") as answer:
            return answer.status == 200
    except OSError:
        return False
