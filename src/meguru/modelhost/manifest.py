"""The manifest of a model of code, ``function.json``: the only file of its folder that a server parses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import msgspec

from meguru.base import digests
from meguru.base.paths import check_path
from meguru.errors import InvalidInput

FILE = "function.json"
CODE, FILES, STATE, ENVIRONMENT = "code", "files", "state", "environment"
OPAQUE = (CODE, FILES, STATE, ENVIRONMENT)
"""Folders whose content only the host reads."""
STATE_FILE = "object"
_MAX_BYTES = 1 << 20
_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
RowForm = Literal["trained", "polars", "pandas", "numpy", "rows", "columns"]
"""How code wants its rows; ``trained``: as the frame was that the model's author gave, else a matrix;
``columns``: as they were sent, which is for our own code alone."""


class FunctionManifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the host makes what answers.

    Attributes
    ----------
    kind
        ``"function"`` is called, ``"class"`` is made first, ``"object"`` is unpickled from its state.
    module, name
        Where it (or the class of the object) is.
    modules
        The file of each module of the project, below ``code``.
    main
        The module that was run as a script: its pickles call it ``__main__``.
    arguments
        What a class is made with.
    files
        Whether there are files to be given.
    takes
        The form of the rows.
    lock
        The name of the lock file, empty when the server's own environment is meant.
    python
        The minor version of Python that it was saved with.
    """

    kind: Literal["function", "class", "object"]
    module: str
    name: str
    modules: dict[str, str]
    main: str = ""
    arguments: dict[str, Any] = {}
    files: bool = False
    takes: RowForm = "trained"
    lock: str = ""
    python: str = ""


def write(folder: Path, manifest: FunctionManifest) -> None:
    """Write the manifest of a folder."""
    (folder / FILE).write_bytes(digests.canonical(manifest))


def read(folder: Path) -> FunctionManifest:
    """Read the manifest of a folder; InvalidInput if it is broken or leads outside."""
    path = folder / FILE
    try:
        # The server reads this file of a folder whose author it does not trust; all else of it only the host
        # does.
        if path.stat().st_size > _MAX_BYTES:
            raise InvalidInput(f"{FILE} is too large", where=str(path))
        manifest = msgspec.json.decode(path.read_bytes(), type=FunctionManifest)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"{FILE} of the model is broken", where=str(path), why=str(error)[:300]) from error
    for name in (manifest.module, *manifest.modules, *([manifest.name] if manifest.name else [])):
        if not _NAME.fullmatch(name):
            raise InvalidInput(f"{FILE} names no module", where=str(path), why=name[:100])
    for inside in manifest.modules.values():
        check_path(inside)
        # The host's import hook takes these paths as they are.
        if not (folder / CODE / inside).is_file():
            raise InvalidInput("code of the model is missing", where=str(path), why=inside[:200])
    if "/" in manifest.lock or manifest.lock.startswith("."):
        raise InvalidInput(f"{FILE} names no lock file", where=str(path), why=manifest.lock[:100])
    return manifest
