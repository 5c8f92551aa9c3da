"""Asks git, as a program, of repositories that strangers wrote: no prompts, no hooks, no other protocols."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from meguru.errors import Conflict, InvalidInput

TIMEOUT_SECONDS = 120
MAX_OUTPUT = 4 * 1024 * 1024
PROTOCOLS = ("https", "http", "ssh", "git")
# Nothing that a repository brings along is run: no hooks, no file system monitor, no `ext::` transport, which
# is a command; and no credential helper, which could give away what belongs to this user.
_ALWAYS = (
    *("-c", "core.hooksPath=/dev/null", "-c", "safe.directory=*", "-c", "core.fsmonitor=false"),
    *("-c", "protocol.ext.allow=never", "-c", "gc.auto=0", "-c", "credential.helper="),
)


class GitRepository:
    """Commands on one bare copy of a repository; `url` has its secrets in it, `shown` has not."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder, self.shown = folder, without_user(url)
        self._variables = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": os.environ.get("HOME", ""),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ALLOW_PROTOCOL": "file:" + ":".join(PROTOCOLS),
            "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
            "GIT_ASKPASS": "true",
            "LC_ALL": "C",
        }
        if url != self.shown:
            # Among the variables, where only this user sees it; the arguments of a process are for all.
            self._variables |= {
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": f"url.{url}.insteadOf",
                "GIT_CONFIG_VALUE_0": self.shown,
            }

    def tip(self, branch: str) -> str:
        """Return the newest commit of a branch, as the repository has it now."""
        ref = f"refs/heads/{branch}"
        lines = self.run("ls-remote", "--", self.shown, ref).splitlines()
        found = [line.split("\t")[0] for line in lines if line.endswith(f"\t{ref}")]
        if not found:
            raise InvalidInput(f"{self.shown} has no branch {branch!r}", field="on.branch")
        return found[0]

    def fetch(self, branch: str) -> None:
        """Bring a branch into the copy."""
        if not (self._folder / "HEAD").exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            self.run("init", "--quiet", "--bare", str(self._folder))
        ref = f"refs/heads/{branch}"
        self._in_copy("fetch", "--quiet", "--no-tags", "--", self.shown, f"+{ref}:{ref}")

    def has_commit(self, commit: str) -> bool:
        """Tell whether the copy has a commit."""
        try:
            self._in_copy("cat-file", "-e", f"{commit}^{{commit}}")
        except Conflict:
            return False
        return True

    def changed(self, before: str, after: str) -> list[str]:
        """Return the files that differ between two commits; all of the second when the first is not known."""
        if self.has_commit(before):
            out = self._in_copy("diff", "--name-only", "-z", "--no-renames", before, after, "--")
        else:
            out = self._in_copy("ls-tree", "-r", "-z", "--name-only", after)
        return out.split("\0")[:-1]  # behind the last NUL is nothing, or half a name where the list was cut

    def describe(self, commit: str) -> tuple[str, str]:
        """Return a commit's author and the first line of its message."""
        out = self._in_copy("log", "-1", "--format=%an%x00%s", commit, "--")
        author, _, subject = out.strip().partition("\0")
        return author[:200], subject[:200]

    def file(self, commit: str, path: str) -> bytes | None:
        """Return a file of a commit; None if it has none there."""
        if not self._in_copy("ls-tree", "-z", commit, "--", path):
            return None
        return self._in_copy("cat-file", "blob", f"{commit}:{path}").encode()

    def _in_copy(self, *arguments: str) -> str:
        """Run a command on the copy."""
        return self.run(f"--git-dir={self._folder}", *arguments)

    def run(self, *arguments: str) -> str:
        """Run a command; Conflict, with git's own words, when it fails."""
        program = shutil.which("git")
        if program is None:
            raise Conflict("git is not installed here", hint="install git where the server runs")
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                [program, *_ALWAYS, *arguments],
                env=self._variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
            out, is_late = read_bounded(process)
            if is_late:
                raise Conflict(f"git {_verb(arguments)} took more than {TIMEOUT_SECONDS} seconds")
            if process.returncode and len(out) <= MAX_OUTPUT:
                errors.seek(0)
                why = errors.read(MAX_OUTPUT).decode("utf-8", "replace").strip().splitlines()
                raise Conflict(f"git {_verb(arguments)} failed", why=why[-1][:300] if why else "")
        return out[:MAX_OUTPUT].decode("utf-8", "replace")


def read_bounded(process: subprocess.Popen[bytes]) -> tuple[bytes, bool]:
    """Return a command's output, cut one byte after `MAX_OUTPUT`, and whether it was stopped as it took long.

    `subprocess.run` would hold all of it: a repository of strangers may have files of any size, and trees
    that name each other until the list of their files has no end.
    """
    late = threading.Event()

    def kill() -> None:
        # With its helpers, such as ssh: they hold the pipe open, and it would be read until they end.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    def stop() -> None:
        late.set()
        kill()

    timer = threading.Timer(TIMEOUT_SECONDS, stop)
    timer.daemon = True
    timer.start()
    try:
        out = process.stdout.read(MAX_OUTPUT + 1) if process.stdout else b""
        if len(out) > MAX_OUTPUT:
            kill()
        process.wait()
    finally:
        timer.cancel()
        if process.returncode is None:
            kill()
            process.wait()
        if process.stdout:
            process.stdout.close()
    return out, late.is_set()


def without_user(url: str) -> str:
    """Return a URL without user and password."""
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"}:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _verb(arguments: tuple[str, ...]) -> str:
    return next((argument for argument in arguments if not argument.startswith("-")), "")
