"""Evidence of the flights model: how long its pack takes to make, and to check on a machine without anything.

Each is a whole process, as a user starts it; beside it a process that only hashes the file (checking) or
opens the workspace and lists releases (making), as a floor. Goals: a pack under 2 s, a check under 0.5 s.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 5


def main() -> None:
    """Play two months of flights, then measure."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        workspace, file = folder / "demo", folder / "delay.evidence.zip"
        _run(["demo", "flights", "--months", "3-4", "--workspace", str(workspace)], folder)
        there = ["--workspace", str(workspace)]
        _run(["evidence", "export", "delay", "--out", str(file), *there], folder)  # the server makes its key
        make = ["evidence", "export", "delay", "--out", str(file), "--force", *there]
        made = _median(["-m", "meguru", *make], folder)
        floor = _median(["-m", "meguru", "release", "list", "delay", *there], folder)
        checked = _median(["-m", "meguru", "evidence", "verify", str(file)], folder)
        code = f"import hashlib; hashlib.sha256(open({str(file)!r}, 'rb').read()).hexdigest()"
        hashed = _median(["-c", code], folder)
        size = file.stat().st_size
    print(f"pack of {size:,} bytes: {made:.2f} s (goal 2 s), {made / floor:.1f} x a list of releases")
    print(f"checked: {checked:.2f} s (goal 0.5 s), {checked / hashed:.1f} x starting Python and hashing it")
    if made > 2 or checked > 0.5:
        sys.exit("slower than promised; look at the load of this machine, and run it again")


def _median(words: list[str], folder: Path) -> float:
    """Return the median time of a process, in seconds."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        subprocess.run([sys.executable, *words], cwd=folder, check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _run(words: list[str], folder: Path) -> None:
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "meguru", *words]
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)


if __name__ == "__main__":
    main()
