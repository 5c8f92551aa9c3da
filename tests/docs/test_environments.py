"""The tutorial of three environments works as it is written."""

from __future__ import annotations

import re
import shlex
import sys
from contextlib import ExitStack
from urllib.request import urlopen

import pytest

from meguru.cli.errors import run as run_command
from meguru.cli.root import root
from meguru.testing.processes import running

from .page import DOCS, HERE, blocks, port, run

TOLD = (
    "made model/shop@1",
    "release/shop@1 is in staging: created",
    "exit code 4",
    "release/shop@1 is in prod: created",
    "pipeline/train",
)
SHELL = re.compile(r"[|&$<>]")
EXPORTED = re.compile(r"(\w+)=")


@pytest.fixture
def type_in(monkeypatch, capsys):
    """Run a command as the reader would; in this process where no shell is needed, for its cost."""

    def call(command, folder):
        if SHELL.search(command) or not command.startswith("meguru "):
            return run(command, folder)
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", shlex.split(command))
        code = run_command(root)
        caught = capsys.readouterr()
        assert code == 0, f"{command}\n{caught.out}{caught.err}"
        return caught.out

    return call


def test_a_project_goes_from_a_laptop_to_staging_and_production(tmp_path, monkeypatch, type_in):
    here, folder, said = f"127.0.0.1:{port()}", tmp_path, []

    def ready():
        try:
            with urlopen(f"http://{here}/env/prod/health") as answer:
                return answer.status == 200
        except OSError:
            return False

    with ExitStack() as stack:
        for name, text in blocks(DOCS / "tutorials" / "three-environments.md"):
            local = text.replace(HERE, here)
            if name:
                (folder / name).write_text(local)
            elif text.startswith("cd "):
                folder /= text.removeprefix("cd ")
            elif text == "meguru up --auth":
                up = [sys.executable, "-m", "meguru", "up", "--auth", "--port", here.rpartition(":")[2]]
                stack.enter_context(running(up, folder / "up.log", ready))
            elif text.startswith("export "):
                names = EXPORTED.findall(text.partition("$(")[0])
                for each in names:
                    monkeypatch.setenv(each, run(f'{local} && printf %s "${each}"', folder))
            else:
                said.append(type_in(local, folder))
    whole = "\n".join(said)
    for words in TOLD:
        assert words in whole, words
    (compared,) = re.findall(r"^release of endpoint/shop\t(.*)$", whole, re.MULTILINE)
    assert compared.endswith("\t=")
