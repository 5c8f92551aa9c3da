"""`make test` runs what failed once more, alone: what passes then is told, what fails again is red."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "scripts" / "run_tests.py"
NEXT_TIME = """
import os
from pathlib import Path
import pytest

def is_new(name, place=Path(__file__).parent):
    new = not (place / name).exists()
    (place / name).touch()
    return new
"""


def run(folder, source, *args):
    (folder / "test_some.py").write_text(NEXT_TIME + source)
    return subprocess.run(
        [sys.executable, "-P", SCRIPT, "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", ".", *args],
        cwd=folder,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "-p xdist"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_passes_alone_is_told_and_the_run_is_green(tmp_path):
    source = """
@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("at", ["a@b::c d/e"])
def test_shaky(at):
    assert not is_new("shaky")

def test_that_ends_its_worker():
    if is_new("worker"):
        os._exit(1)

def test_steady():
    assert is_new("steady")  # not run a second time
"""
    done = run(tmp_path, source, "-n", "1", "--dist", "loadgroup", "-W", "error")
    assert done.returncode == 0, done.stdout + done.stderr
    told = {line for line in done.stdout.splitlines() if line.startswith("unstable")}
    assert told == {
        "unstable: test_some.py::test_shaky[a@b::c d/e] passed when run again alone",
        "unstable: test_some.py::test_that_ends_its_worker passed when run again alone",
    }


def test_one_that_fails_again_is_red(tmp_path):
    source = """
def test_shaky():
    assert not is_new("shaky")

def test_broken():
    assert False
"""
    done = run(tmp_path, source)
    assert done.returncode == 1
    assert "failed again when run alone" in done.stdout
    assert "unstable" not in done.stdout


def test_one_that_is_skipped_the_second_time_did_not_pass(tmp_path):
    source = """
def test_shy():
    if not is_new("shy"):
        pytest.skip("not now")
    assert False
"""
    assert run(tmp_path, source).returncode == 1


@pytest.mark.parametrize(
    ("source", "args", "code"),
    [
        ("@pytest.mark.parametrize('n', range(6))\ndef test_many(n):\n    assert not is_new(str(n))", [], 1),
        ("def test_shaky():\n    assert not is_new('it')\ndef test_next(): pass", ["-x"], 1),
        ("assert not is_new('module')\ndef test_it(): pass", [], 2),
        ("def test_it():\n    raise KeyboardInterrupt", [], 2),
        ("def test_it(): pass", ["-k", "other"], 5),
        ("def test_it(): pass", ["--no-such-option"], 4),
    ],
    ids=["six", "stopped at the first", "not collected", "interrupted", "none", "usage"],
)
def test_what_is_not_a_few_failures_of_a_whole_run_is_not_tried_again(tmp_path, source, args, code):
    done = run(tmp_path, source, *args)
    assert (done.returncode, "again" in done.stdout) == (code, False), done.stdout
