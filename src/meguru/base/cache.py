"""Where things are kept that can be made again, and that nobody else may touch."""

from __future__ import annotations

import os
from pathlib import Path


def cache_home() -> Path:
    """Return where all caches of the user are, which may not be there yet."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    return home / "meguru"


def cache_folder(name: str) -> Path:
    """Return the user's own folder for one kind of cache: ``$XDG_CACHE_HOME/meguru/<name>``."""
    folder = cache_home() / name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
