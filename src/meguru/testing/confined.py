"""What a confined process sees and may do, for the tests of the sandbox."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path


def look(folder: Path) -> None:
    """Write down what this process sees: its files, its variables, whether it gets out; and boast of more."""
    (folder / "confined.json").write_text(json.dumps(["everything"]))
    wanted = json.loads((folder / "wanted.json").read_text())
    seen = {
        "files": [path for path in wanted if Path(path).exists()],
        "variables": sorted(os.environ),
        "network": _gets_out(),
        "written": _writes(Path(os.__file__).parent / "meguru-was-here"),
        "server": _sees(int((folder / "server").read_text())),
    }
    (folder / "seen.json").write_text(json.dumps(seen))


def hang(folder: Path) -> None:
    """Never end."""
    del folder
    time.sleep(600)


def grab(folder: Path) -> None:
    """Take more memory than anybody needs."""
    (folder / "grabbed").write_bytes(bytes(bytearray(3 << 30)[:1]))


def _sees(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _writes(path: Path) -> bool:
    try:
        path.write_text("here")
    except OSError:
        return False
    return True


def _gets_out() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.connect(("192.0.2.1", 9))
        except OSError:
            return False
    return True
