"""Which workspace an environment of ``meguru.toml`` is."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meguru.kernel.remote import RemoteWorkspace
    from meguru.kernel.workspace import Workspace

FILE = "meguru.toml"


def open_environment(name: str) -> Workspace | RemoteWorkspace:
    """Open an environment of the nearest project file; what is a path or an address is opened as that."""
    from meguru.app import open_workspace
    from meguru.base.settings import load_settings

    place = name if "/" in name or "://" in name else place_of(name)
    settings = load_settings(workspace=place, token=token_of(name))
    return open_workspace(place, settings=settings, create=True)


def place_of(name: str) -> str:
    """Return the workspace of an environment: a folder, a database or an address.

    Raises
    ------
    NotFound
        If there is no project file, or no such environment in it.
    UsageError
        If the environment does not say which workspace it is.
    """
    from meguru.errors import UsageError
    from meguru.project.read import read_environment

    file = nearest(FILE)
    found = read_environment(file, name)
    if place := found.workspace or found.served_from:
        return place
    raise UsageError(
        f"the environment {name} does not say which workspace it is",
        where=f"{file}: [env.{name}]",
        hint=f'workspace = "https://HOST/env/{name}"',
    )


def token_of(name: str) -> str | None:
    """Return the token for an environment: ``MEGURU_TOKEN_STAGING`` goes before ``MEGURU_TOKEN``."""
    return os.environ.get("MEGURU_TOKEN_" + re.sub(r"[^A-Z0-9]", "_", name.upper())) or None


def nearest(name: str) -> Path:
    """Return a file of this folder or of the nearest one above that has it."""
    here = Path.cwd()
    return next((each / name for each in (here, *here.parents) if (each / name).is_file()), here / name)
