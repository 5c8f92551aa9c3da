"""The commit that the script is from, and what was changed since, bounded."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import msgspec

MAX_DIFF = 1 << 20
MAX_UNTRACKED = 200
_SECONDS = 5.0


class Git(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a work tree; `diff` is cut at 1 MiB, and says so at its end."""

    commit: str = ""
    branch: str = ""
    remote: str = ""
    diff: str = ""
    untracked: list[str] = []

    @property
    def is_dirty(self) -> bool:
        """Whether something was not committed."""
        return bool(self.diff or self.untracked)


def state_of(folder: Path) -> Git | None:
    """Return the state of the work tree that a folder is in; None if there is none, or no git."""
    commit = _ask(folder, "rev-parse", "HEAD")
    if not commit:
        return None
    diff = _ask(folder, "diff", "--no-ext-diff", "--no-textconv", "--no-color", "HEAD", most=MAX_DIFF)
    untracked = _ask(folder, "ls-files", "--others", "--exclude-standard", "--directory", most=64 << 10)
    return Git(
        commit=commit.strip(),
        branch=_ask(folder, "rev-parse", "--abbrev-ref", "HEAD").strip(),
        remote=_ask(folder, "config", "--get", "remote.origin.url").strip(),
        diff=diff,
        untracked=untracked.splitlines()[:MAX_UNTRACKED],
    )


def _ask(folder: Path, *question: str, most: int = 4096) -> str:
    """Return what git answers, cut; empty if it fails or takes too long. It runs nothing the tree names."""
    command = ["git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", *question]
    try:
        with subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(os.environ),
        ) as process:
            try:
                data = _bounded(process, most)
                if len(data) > most:
                    return data[:most].decode(errors="replace") + f"\n… cut at {most} bytes\n"
                return data.decode(errors="replace") if process.wait(_SECONDS) == 0 else ""
            except BaseException:
                process.kill()  # the end of the block waits for it, however long
                raise
    except (OSError, subprocess.SubprocessError):
        return ""


def _bounded(process: subprocess.Popen[bytes], most: int) -> bytes:
    from threading import Timer

    alarm = Timer(_SECONDS, process.kill)
    alarm.start()
    try:
        data = process.stdout.read(most + 1) if process.stdout else b""
    finally:
        alarm.cancel()
    if len(data) > most:
        process.kill()
    return data


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    return {**given, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
