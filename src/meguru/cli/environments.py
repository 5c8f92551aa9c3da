"""Which workspace an environment of ``meguru.toml`` is."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meguru.base.settings import Settings
    from meguru.cli.session import Session
    from meguru.kernel.remote import RemoteWorkspace
    from meguru.kernel.workspace import Workspace

FILE = "meguru.toml"
HERE = "here"
"""What the workspace that one works in is called beside the environments of the file."""
LOOK_SECONDS = 5.0


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
    return os.environ.get(f"MEGURU_TOKEN_{_variable(name)}") or None


def nearest(name: str) -> Path:
    """Return a file of this folder or of the nearest one above that has it."""
    here = Path.cwd()
    return next((each / name for each in (here, *here.parents) if (each / name).is_file()), here / name)


def served_here(given: tuple[str, ...]) -> dict[str, Settings]:
    """Return by name the settings of the workspaces that a server is to serve beside its own.

    They are those `given` as ``NAME=PLACE``, else the environments of the project file that say where this
    server keeps them.
    """
    places = dict(_named(each) for each in given) if given else _declared()
    return {name: _settings(name, place) for name, place in places.items()}


def _named(text: str) -> tuple[str, str]:
    from meguru.base.names import check_name
    from meguru.errors import UsageError

    name, equals, place = text.partition("=")
    if not equals or not place:
        raise UsageError(f"{text!r} is not NAME=PLACE", where="--serve", hint="--serve prod=/srv/meguru/prod")
    return check_name("environment", name), place


def _declared() -> dict[str, str]:
    from meguru.base.names import check_name
    from meguru.project.read import environment_names, read_environment

    file = nearest(FILE)
    if not file.is_file():
        return {}
    wanted = [
        check_name("environment", name) for name, spec in environment_names(file).items() if spec.served_from
    ]
    return {name: read_environment(file, name).served_from for name in wanted}


def _settings(name: str, place: str) -> Settings:
    """Return the settings of one environment: all but the workspace and its blobs are the server's."""
    import msgspec

    from meguru.base.settings import load_settings

    usual = load_settings(workspace=place)
    blobs = os.environ.get(f"MEGURU_BLOBS_{_variable(name)}", "")
    if not blobs and usual.blobs and "://" in place:
        blobs = f"{usual.blobs.rstrip('/')}/env/{name}"
    return msgspec.structs.replace(usual, blobs=blobs, project="")


def _variable(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", name.upper())


def doors(session: Session) -> dict[str, Callable[[], Any]]:
    """Return by name what opens each environment of the project file, and the workspace one works in.

    Empty where the file has none. Those whose variables are not set here, and folders that are not there yet,
    say so when they are opened.
    """
    from contextlib import nullcontext

    file = nearest(FILE)
    if not file.is_file():
        return {}
    from meguru.project.read import environment_names  # not before: it knows every kind

    if not (names := list(environment_names(file))):
        return {}
    here = {} if session.environment in names else {HERE: lambda: nullcontext(session.open())}
    return here | {name: partial(_look_at, name) for name in names}


def _look_at(name: str) -> Workspace | RemoteWorkspace:
    """Open an environment to look at it: soon given up, and never made."""
    from meguru.app import open_workspace
    from meguru.base.settings import load_settings
    from meguru.kernel.remote import RemoteWorkspace

    place = place_of(name)
    settings = load_settings(workspace=place, token=token_of(name))
    if place.startswith(("http://", "https://")):
        return RemoteWorkspace(place, token=settings.token, timeout=LOOK_SECONDS)
    return open_workspace(place, settings=settings, create=False)
