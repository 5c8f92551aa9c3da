"""Which schema this Meguru works with."""

from __future__ import annotations

from pathlib import Path

SCRIPTS = Path(__file__).parent / "migrations"


def newest() -> str:
    """Return the name of the newest migration, read from the file names (``0001_name.py``)."""
    names = sorted(path.stem for path in (SCRIPTS / "versions").glob("[0-9]*.py"))
    return names[-1].partition("_")[0] if names else ""
