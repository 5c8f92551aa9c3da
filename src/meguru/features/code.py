"""The code of a transform: traced and snapshotted where it is written, imported from that elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from meguru.artifacts import trees
from meguru.compute import snapshot
from meguru.compute.code import ProjectSources, code_of
from meguru.errors import InvalidInput, NotFound
from meguru.features.types import FeatureCode
from meguru.storage.blobs import BlobStore

_one_at_a_time = threading.RLock()
"""What a process has imported is one table."""


def traced(blobs: BlobStore, root: Path, entry: str, *, field: str = "transform") -> FeatureCode:
    """Read ``FILE.py:FUNCTION`` of a folder, put its modules among the blobs, and tell what it reaches.

    Nothing of the file is run.

    Raises
    ------
    InvalidInput
        If there is no such file or function in the folder, or the file is no Python.
    """
    path, function = _place(root, entry, field)
    project = ProjectSources(path)
    code = code_of(project, f"{project.entry_module}:{function}")
    return FeatureCode(
        digest=code.digest,
        function=f"{project.entry_module}:{function}",
        snapshot=snapshot.upload(blobs, project),
        sources=project.sources(),
        packages=code.packages,
    )


def _place(root: Path, entry: str, field: str) -> tuple[Path, str]:
    file, colon, function = entry.partition(":")
    path = root / file
    outside = "\0" in entry or Path(file).is_absolute() or ".." in Path(file).parts
    if outside or not file or not path.resolve().is_relative_to(root.resolve()):
        why = "it must be relative to the folder of the project, without '..'"
        raise InvalidInput(f"{entry[:200]!r} is not within the project's folder", why=why, field=field)
    if not file.endswith(".py") or not path.is_file():
        hint = f'{field} = "features.py:FUNCTION"'
        raise InvalidInput(f"there is no file {file[:200]!r}", why=f"in {root}", hint=hint, field=field)
    if not colon or not function.isidentifier():
        raise InvalidInput(f"{entry[:200]!r} names no function", hint=f"{file}:FUNCTION", field=field)
    module = ProjectSources(path)
    found = module.module(module.entry_module)
    known = sorted([*found.bindings, *found.imports]) if found else []
    if function not in known:
        error = NotFound.of(f"function in {file}", function, known)
        raise InvalidInput(error.what, why=error.why, hint=error.hint, field=field)
    return path, function


@contextmanager
def importing(blobs: BlobStore, code: FeatureCode, folder: Path) -> Iterator[Callable[..., Any]]:
    """Give the function of some code, imported from its snapshot, which is unpacked below a folder.

    The project's modules are those of the snapshot until the block ends; one block at a time.

    Raises
    ------
    InvalidInput
        If its module can't be imported.
    """
    # Below its digest: unpacked once, and never another code under the same path.
    place = trees.fetch(blobs, code.snapshot, folder / code.snapshot)
    module, _, name = code.function.partition(":")
    with _one_at_a_time, snapshot.importing(snapshot.finder_of(place, code.sources)):
        try:
            found = getattr(import_module(module), name)
        except Exception as error:
            why = f"{type(error).__name__}: {error}"[:500]
            raise InvalidInput(f"{code.function} can't be imported", why=why) from error
        yield getattr(found, "function", found)  # what a decorator of ours marked is the plain function
