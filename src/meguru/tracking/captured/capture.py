"""All of it together: a quick look on the caller's thread, the rest on another one."""

from __future__ import annotations

import getpass
import os
import platform
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from meguru.base import digests, parents
from meguru.tracking.captured import names
from meguru.tracking.captured.command import command, script
from meguru.tracking.captured.git import Git, state_of
from meguru.tracking.captured.machine import Machine, machine
from meguru.tracking.captured.packages import installed, lock_of
from meguru.tracking.captured.seeds import seeds

_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
MAX_TAG = 1000
Mask = Callable[[str], str]


class FirstLook(msgspec.Struct, frozen=True, kw_only=True):
    """What may change as soon as the run goes on."""

    command: str
    script: str
    kind: str
    folder: str
    seeds: dict[str, str]
    parent: str


class Captured(msgspec.Struct, frozen=True, kw_only=True):
    """What surrounds a run: `tags` to find it by, all of it, and what was not committed."""

    tags: dict[str, str]
    system: dict[str, object]
    diff: str


def first_look(mask: Mask, arguments: Sequence[str] = ()) -> FirstLook:
    """Look at what may change soon; this takes well under a millisecond.

    `arguments` are those of another program, itself the first; without them this program is looked at.
    """
    path, kind = (str(Path(arguments[0]).absolute()), "LOCAL") if arguments else script()
    return FirstLook(
        command=command(arguments or sys.argv, mask),
        script=path,
        kind=kind,
        folder=os.getcwd(),  # noqa: PTH109 - the folder may be gone, and a text is wanted
        seeds={} if arguments else seeds(),
        parent=parents.current(),
    )


def capture(look: FirstLook, mask: Mask) -> Captured:
    """Look at the rest: git, packages, machine. What can't be seen is left out."""
    folder = Path(look.script).parent if look.script else Path(look.folder)
    git, packages, here = state_of(folder), installed(), machine()
    lock = lock_of(folder)
    diff = mask(_KEY.sub("***", git.diff)) if git else ""
    return Captured(
        tags=_tags(look, git, packages, here, lock, mask),
        system={
            "command": look.command,
            "folder": look.folder,
            "python": sys.version,
            "packages": packages,
            "lock": {"name": lock[0], "digest": lock[1]},
            "machine": here,
            "seeds": look.seeds,
            "parent": look.parent,
            "untracked": [mask(name) for name in git.untracked] if git else [],
        },
        diff=diff,
    )


def _tags(
    look: FirstLook,
    git: Git | None,
    packages: dict[str, str],
    here: Machine,
    lock: tuple[str, str],
    mask: Mask,
) -> dict[str, str]:
    found = {
        names.SOURCE: mask(look.script),
        names.SOURCE_TYPE: look.kind,
        names.USER: _user(),
        "meguru.command": look.command,
        "meguru.python": f"{platform.python_implementation()} {platform.python_version()}",
        "meguru.packages": digests.of_value(packages)[:16],
        "meguru.lock": f"{lock[0]} {lock[1][:16]}".strip(),
        "meguru.system": here.system,
        "meguru.cpu": f"{here.cpus} × {here.cpu}",
        "meguru.memory": f"{here.memory / 2**30:.1f} GiB" if here.memory else "",
        "meguru.gpu": "; ".join(here.gpus),
        "meguru.seeds": " ".join(f"{name}={value}" for name, value in look.seeds.items()),
        parents.TAG: look.parent,
    }
    if git:
        found |= {names.COMMIT: git.commit, names.BRANCH: git.branch, names.REPOSITORY: mask(git.remote)}
        found["meguru.git.dirty"] = "true" if git.is_dirty else "false"
    return {name: value[:MAX_TAG] for name, value in found.items() if value}


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a user id without a name
        return ""
