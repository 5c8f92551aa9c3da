"""Which folders and files of the server may be read by what somebody declares."""

from __future__ import annotations

from pathlib import Path

from meguru.errors import InvalidInput
from meguru.kernel.workspace import Workspace


def allowed_folders(ws: Workspace) -> list[Path]:
    """Return the folders that may be looked at: the workspace's, and those of the setting ``watch``."""
    own = [ws.root.resolve().parent] if ws.root is not None else []
    named = [Path(each.strip()).expanduser() for each in ws.settings.watch.split(",") if each.strip()]
    return [*own, *(each.resolve() for each in named)]


def resolved_path(ws: Workspace, text: str, field: str) -> Path:
    """Return the place that a text names, with no link left in it.

    Raises
    ------
    InvalidInput
        When it is in none of the folders that are allowed, or in the workspace's own.
    """
    if not text or "\0" in text or len(text) > 1000:
        raise InvalidInput("say which place", field=field)
    places = allowed_folders(ws)
    if not places and not Path(text).is_absolute():
        raise InvalidInput(f"{text!r} is relative, and this workspace has no folder", field=field)
    # Resolved before it is compared: `..` and links lead out of an allowed folder only in text.
    found = (places[0] / text if places else Path(text)).resolve()
    inside_ours = ws.root is not None and found.is_relative_to(ws.root.resolve())
    if inside_ours or not any(found.is_relative_to(place) for place in places):
        raise InvalidInput(
            f"{text[:200]!r} may not be looked at by what is declared",
            why="it is the workspace's own" if inside_ours else "it is outside of the workspace's folder",
            hint="" if inside_ours else "start the server with MEGURU_WATCH=FOLDER, to allow more folders",
            field=field,
        )
    return found
