"""Print the newest Python on this machine; nothing if none is newer than the one that runs this.

Interpreters are looked for on PATH and where pyenv keeps them. Nothing is downloaded.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

NEWEST = 14
"""The newest minor version that is tried: libraries with compiled parts need a wheel for it."""


def candidates(minor: int) -> list[str]:
    """Return the programs that may be Python 3.`minor`."""
    kept = Path.home() / ".pyenv" / "versions"
    found = [str(path / "bin" / "python") for path in sorted(kept.glob(f"3.{minor}.*"), reverse=True)]
    on_path = shutil.which(f"python3.{minor}")
    return ([on_path] if on_path else []) + found


def answers(program: str, minor: int) -> bool:
    """Tell whether a program is that Python: pyenv leaves shims of versions that are not chosen."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return False
    return re.match(rf"Python 3\.{minor}\.\d+$", said.strip()) is not None  # no release candidates


if __name__ == "__main__":
    for minor in range(NEWEST, sys.version_info.minor, -1):
        for program in candidates(minor):
            if answers(program, minor):
                print(program)
                sys.exit()
