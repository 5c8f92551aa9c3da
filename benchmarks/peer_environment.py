"""Environments of their own for peers: what they need must not decide what we install."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

UV = Path(__file__).parents[1] / ".uv" / "bin" / "uv"


def python_with(name: str, *packages: str) -> Path | None:
    """Return the interpreter of an environment with some packages, kept for the next run.

    None if it can't be made.

    Parameters
    ----------
    name
        Of its folder, below the temporary folder.
    packages
        What is installed, as for pip.
    """
    folder = Path(tempfile.gettempdir()) / "meguru-peers" / name
    python, done = folder / "bin" / "python", folder / "packages.txt"
    wanted = "\n".join(packages)
    if done.exists() and done.read_text() == wanted:
        return python
    uv = str(UV) if UV.exists() else shutil.which("uv")
    if uv is None:
        return None
    shutil.rmtree(folder, ignore_errors=True)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    make = [uv, "venv", "--quiet", "--python", version, str(folder)]
    fill = [uv, "pip", "install", "--quiet", "--python", str(python), *packages]
    for command in (make, fill):
        if subprocess.run(command, check=False, timeout=900).returncode:
            return None
    done.write_text(wanted)
    return python
