"""Where the files of a store may be: only below folders that its owner named."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from meguru.errors import InvalidInput
from meguru.mlflow.exchange.documents import is_folder


class Roots:
    """Finds artifact folders; a location outside of the roots is as good as none."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self.folders = [folder.resolve() for folder in folders if folder.is_dir()]

    def find(self, location: str, *tails: str) -> str:
        """Return the local folder of a location; if the store was moved, by its last parts below a root."""
        local = _local(location)
        if local is not None and self._holds(local):
            return str(local)
        proxied = location.removeprefix("mlflow-artifacts:").lstrip("/") if _is_proxied(location) else ""
        for root in self.folders:
            for tail in (proxied, *tails):
                place = root / tail if tail else root
                if tail and self._holds(place):
                    return str(place.resolve())
        return ""

    def elsewhere(self, location: str) -> InvalidInput | None:
        """Return what to tell of a location that `find` does not find, if there may be files."""
        local = _local(location)
        if not location or _is_proxied(location) or (local is not None and not local.is_dir()):
            return None
        return InvalidInput(
            "there are files elsewhere, and they were not read",
            where=location,
            why="files are read only below the store's own folder, and folders that are named",
            hint="name a folder of this machine with --artifacts; copy there what is not on it",
        )

    def _holds(self, place: Path) -> bool:
        try:
            real = place.resolve()
            return is_folder(real) and any(real.is_relative_to(root) for root in self.folders)
        except (OSError, ValueError, RuntimeError):
            return False


def _is_proxied(location: str) -> bool:
    return location.startswith("mlflow-artifacts:")


def _local(location: str) -> Path | None:
    if location.startswith("file:"):
        return Path(url2pathname(urlsplit(location).path))
    if not location or "://" in location or _is_proxied(location):
        return None
    return Path(unquote(location) if "%" in location else location)
