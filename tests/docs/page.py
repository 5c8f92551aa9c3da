"""A page of the documentation as a list of things to do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.request import urlopen

from meguru.testing.processes import free_ports, running

DOCS = Path(__file__).parents[2] / "docs"
HERE = "127.0.0.1:7474"
BLOCK = re.compile(r"^```(python|toml|console)\n(.*?)^```", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"# ([\w-]+\.(?:py|toml))\n")
FORKED: list[str] = []
"""The folder with a ``meguru`` that starts at once; see `forked`."""
COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)", re.MULTILINE)


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Yield, in order: (its kind, code), (file name, its content) if it begins so, and ("", command)."""
    for kind, text in BLOCK.findall(page.read_text("utf-8")):
        if kind != "console":
            found = FILE.match(text)
            yield (found[1] if found else kind), text
            continue
        for command in COMMAND.findall(text):
            yield "", command.replace("\\\n", " ")


def port() -> int:
    """Return a port that nobody listens on."""
    return free_ports(1)[0]


def serve(folder: Path, here: str, endpoint: str) -> AbstractContextManager[object]:
    """Serve a project's workspace at ``HOST:PORT``; its endpoint has loaded its model."""
    number = here.rpartition(":")[2]

    def ready() -> bool:
        try:
            with urlopen(f"http://{here}/endpoints/{endpoint}") as answer:
                return b'"ready"' in answer.read()
        except OSError:
            return False

    return running([sys.executable, "-m", "meguru", "up", "--port", number], folder / "up.log", ready)


def run(command: str, folder: Path) -> str:
    """Run one command as the reader would; return what it said."""
    path = os.pathsep.join([*FORKED, str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout
