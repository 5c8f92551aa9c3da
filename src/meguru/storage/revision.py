"""Which schema this Meguru works with."""

from __future__ import annotations

import os
from pathlib import Path

SCRIPTS = Path(__file__).parent / "migrations"


def newest() -> str:
    """Return the name of the newest migration, read from the file names (``0001_name.py``)."""
    # By their names alone: each command that opens a workspace looks, and there are a hundred files.
    names = os.listdir(SCRIPTS / "versions")  # noqa: PTH208
    found = (name.partition("_")[0] for name in names if name[:1].isdecimal() and name.endswith(".py"))
    return max(found, default="")
