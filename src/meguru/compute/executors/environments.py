"""Environments of steps: built once from a lock file, and kept under the digest of what they are made of."""

from __future__ import annotations

import fcntl
import functools
import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from meguru.artifacts import trees
from meguru.base import digests
from meguru.base.cache import cache_folder
from meguru.compute.executors.variables import without_secrets
from meguru.errors import InvalidInput
from meguru.storage.blobs import BlobStore

_BUILD_SECONDS = 3600
_MAX_OUTPUT = 1500
"""Characters of what the installer said last that are told."""
_READY = "ready"
_LOCK = "uv.lock"


def build(blobs: BlobStore, digest: str, name: str) -> Path:
    """Return the Python of the environment whose lock file, called `name`, is in the tree `digest`.

    It is built if it is not there, by one process at a time; a build that was interrupted begins anew.

    Raises
    ------
    InvalidInput
        If it can't be built; the end of what the installer said is its reason.
    """
    home = folder_of(digest)
    return _built(home, name, lambda: trees.fetch(blobs, digest, home))


def _built(home: Path, name: str, fetch: Callable[[], object]) -> Path:
    if not (home / _READY).exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        with _locked(home.with_suffix(".lock")):
            # Asked again: whoever held the lock may have built it. The mark comes last, so that a folder
            # without it is what a killed build left.
            if not (home / _READY).exists():
                shutil.rmtree(home, ignore_errors=True)
                fetch()
                _install(home, home / Path(name).name, name)
                (home / _READY).touch()
    return home / "venv" / "bin" / "python"


def build_from(folder: Path, name: str) -> Path:
    """Return the Python of the environment whose lock file, called `name`, is in a folder; as `build`."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    entries = [
        trees.TreeEntry(path=path.name, digest=digests.of_file(path), size=path.stat().st_size)
        for path in files
    ]
    home = folder_of(digests.of_bytes(digests.canonical(entries)))
    return _built(home, name, lambda: shutil.copytree(folder, home))


def is_built(digest: str) -> bool:
    """Tell whether nothing has to be built."""
    return (folder_of(digest) / _READY).exists()


def folder_of(digest: str) -> Path:
    """Return where the environment is kept; another Python or machine has another one."""
    made_of = [digest, sys.version, platform.machine(), sys.platform]
    return cache_folder("environments") / digests.of_value(made_of)[:32]


def _install(home: Path, lock: Path, name: str) -> None:
    uv, python = find_uv(), home / "venv" / "bin" / "python"
    if uv is None and lock.suffix != ".txt":
        raise InvalidInput(
            f"the environment {name} can't be built",
            why=f"only uv reads {lock.name}, and it is not installed",
            hint="pip install uv; or export the lock file: uv export --no-emit-project > requirements.txt",
        )
    if uv is None:
        _run([sys.executable, "-m", "venv", str(home / "venv")], home, name)
        _run([str(python), "-m", "pip", "install", "--no-input", "-r", str(lock)], home, name)
    elif lock.name == _LOCK:
        _run(
            [uv, "sync", "--frozen", "--no-install-project", "--no-dev", "--python", sys.executable],
            home,
            name,
            UV_PROJECT_ENVIRONMENT=str(home / "venv"),
        )
    else:
        _run([uv, "venv", "--no-project", "--python", sys.executable, str(home / "venv")], home, name)
        _run([uv, "pip", "sync", "--python", str(python), str(lock)], home, name)


def _run(command: Sequence[str], folder: Path, name: str, **variables: str) -> None:
    # Building a package runs its code. What an installer is set up by (proxies, indexes) stays.
    kept = without_secrets()
    for own in ("VIRTUAL_ENV", "PYTHONPATH"):
        kept.pop(own, None)
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=kept | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_BUILD_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InvalidInput(
            f"the environment {name} could not be built", why=f"it took more than {error.timeout:g} s"
        ) from error
    if done.returncode:
        said = done.stdout.decode("utf-8", "replace").strip()[-_MAX_OUTPUT:]
        raise InvalidInput(
            f"the environment {name} could not be built",
            why=said or f"{Path(command[0]).name} ended with code {done.returncode}",
            hint="try the lock file by hand; without a network its wheels must be in the cache already",
        )


def find_uv() -> str | None:
    """Return the program uv: the one that started this process, else beside Python, else on the path."""
    beside = Path(sys.executable).parent / "uv"
    return os.environ.get("UV") or (str(beside) if beside.exists() else shutil.which("uv"))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        # The kernel lets go of it when the file is closed, also by a kill: no lock of a dead process stays.
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@functools.cache
def libraries() -> str:
    """Return, as JSON for `bootstrap`, what a step's environment may borrow from this installation."""
    closure = _closure("meguru")
    names = [
        name
        for name, owners in importlib.metadata.packages_distributions().items()
        if closure.intersection(map(_normal, owners))
    ]
    paths = [
        str(Path(__file__).parents[3]),  # where Meguru itself is
        sysconfig.get_path("purelib"),
        sysconfig.get_path("platlib"),
    ]
    return json.dumps(
        {
            "names": sorted({*names, "meguru"}),
            "distributions": sorted(closure),
            "paths": list(dict.fromkeys(paths)),
        }
    )


def _closure(top: str) -> set[str]:
    """Return the distributions that one needs to be installed, with itself; extras are left out."""
    found: set[str] = set()
    todo = [top]
    while todo:
        name = _normal(todo.pop())
        if name in found:
            continue
        found.add(name)
        try:
            needs = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        todo += [re.split(r"[^\w.-]", one, maxsplit=1)[0] for one in needs if "extra ==" not in one]
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
