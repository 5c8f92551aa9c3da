"""Write the files of a version where programs read them: to a folder of the user's, or of the cache."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from meguru.base.cache import cache_folder
from meguru.datasets.folders.client import FolderDoor
from meguru.datasets.folders.files import FolderFiles
from meguru.datasets.folders.names import check_distinct, why_refused
from meguru.datasets.folders.register import of_files
from meguru.datasets.manifest import load_manifest
from meguru.datasets.show import show
from meguru.datasets.types import Manifest
from meguru.errors import Conflict, InvalidInput, NotFound, UsageError
from meguru.storage.blobs import BlobStore


def files_of(ws: FolderDoor, ref: str) -> FolderFiles:
    """Return the files of a version: ``photos``, ``photos@latest``, ``photos@3``.

    Raises
    ------
    InvalidInput
        If the dataset's rows are no files.
    """
    return FolderFiles(ws.blobs, load_manifest(ws.blobs, of_files(show(ws, ref=ref))))


def write_folder(
    ws: FolderDoor, ref: str, folder: Path, *, include: Sequence[str] = (), exclude: Sequence[str] = ()
) -> int:
    """Write the files of a version that are meant by patterns into a new or empty folder; count them.

    Each is checked, and has the rights that it had. If it fails, the folder is left as it was.

    Raises
    ------
    UsageError
        If something is in the folder.
    NotFound
        If no file is meant.
    """
    files = files_of(ws, ref)
    names = files.names(include, exclude)
    if not names:
        raise NotFound(f"no file of {ref} is meant", hint="'*' stands for anything, also for '/'")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{str(folder)!r} is not empty", hint="name a new folder", field="to")
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Beside the folder, so that one rename in the same file system makes all of it appear at once.
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".meguru-"))
    try:
        _write(files, names, draft)
        draft.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        draft.rename(folder)
    except OSError as error:
        raise Conflict(f"{str(folder)!r} can't be written", why=error.strerror or str(error)) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return len(names)


def cached_folder(blobs: BlobStore, digest: str, manifest: Manifest) -> Path:
    """Return a folder of the cache with all files of a version, to be read only; it is written once."""
    folder = cache_folder("folders-read") / digest
    if folder.exists():
        return folder
    files = FolderFiles(blobs, manifest)
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".draft-"))
    try:
        _write(files, files.names(), draft)
        draft.rename(folder)
    except OSError:
        if not folder.exists():  # another process may have been faster; its folder is as good
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def _write(files: FolderFiles, names: Sequence[str], folder: Path) -> None:
    check_distinct(names)
    for name in names:
        if why := why_refused(name):  # a list that was made elsewhere may name what is outside of the folder
            raise InvalidInput(f"{name[:120]!r} can't be written", why=why)
    modes = dict(zip(files.index["path"], files.index["mode"], strict=True))
    made = set[str]()
    for name in names:
        parent = name.rpartition("/")[0]
        if parent not in made:
            (folder / parent).mkdir(parents=True, exist_ok=True)
            made.add(parent)
        with files.open(name) as source, (folder / name).open("xb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
            if modes[name] == "755":
                os.fchmod(target.fileno(), 0o755)
