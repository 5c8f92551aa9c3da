"""Where on its server a workspace answers: at the root, or below ``/env/NAME`` beside others."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NamedTuple


class Mount(NamedTuple):
    """The environment that a request is for: its name, what stands before its paths, and all there are.

    `all` has name and path of each environment of the server, the one at the root first; it is empty where
    there is only one.
    """

    name: str = ""
    path: str = ""
    all: tuple[tuple[str, str], ...] = ()
    view: Callable[[str, str], Any] | None = None
    """Given the name of an environment and a token for it: its workspace, as that token's owner sees it."""

    @property
    def home(self) -> str:
        """The path of its first page."""
        return f"{self.path}/"


MOUNT: ContextVar[Mount] = ContextVar("meguru_mount")
_ROOT = Mount()


def mounted() -> Mount:
    """Return where the workspace of the present request answers."""
    return MOUNT.get(_ROOT)
