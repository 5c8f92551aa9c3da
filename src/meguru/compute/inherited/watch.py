"""Notes which files a Python process opens and lists: the standard library alone, by an audit hook.

What native code opens by itself (a C library, Polars, a database) passes it by; some of that is noted by
`meguru.compute.reads.native`. A process that a step started tells what it opens in a file of the step's.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import stat
import sys
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NamedTuple

READS = "MEGURU_STEP_READS"
"""Names the file in which processes that a step started tell what they open."""
READ, WRITTEN, ADDED, MIXED = "read", "written", "added", "mixed"
_WRITES = os.O_WRONLY | os.O_RDWR
_OWN = ("/.meguru/", "/.git/", "/__pycache__/")
_MAX_FILES = 100_000
"""Files that are noted of one step; more are not compared one by one in any case."""
_MEGURU = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120


class Mark(NamedTuple):
    """How a file was first opened, and what it was then; `mixed` if it was both read and changed."""

    how: str
    size: int = 0
    mtime: int = 0
    inode: int = 0


def signature(path: str) -> tuple[int, int, int] | None:
    """Return what changes when a regular file does; None if there is no such file."""
    try:
        found = os.stat(path)  # noqa: PTH116 - pathlib costs more than the call itself, here and below
    except (OSError, ValueError):
        return None
    return (found.st_size, found.st_mtime_ns, found.st_ino) if stat.S_ISREG(found.st_mode) else None


def names_in(folder: str) -> str:
    """Return the digest of the names in a folder, without hidden ones; empty if it can't be listed."""
    try:
        names = sorted(name for name in os.listdir(folder) if name[:1] != "." and name != "__pycache__")  # noqa: PTH208
    except OSError:
        return ""
    return hashlib.sha256("\0".join(names).encode(errors="surrogateescape")).hexdigest()


def libraries() -> tuple[str, ...]:
    """Return the beginnings of paths that belong to Python, its packages, the system, and hidden homes.

    The working folder is never below one of them.
    """
    here = os.getcwd() + os.sep  # noqa: PTH109
    home = os.path.expanduser("~")  # noqa: PTH111
    found = _libraries(home, os.environ.get("XDG_CACHE_HOME", ""), len(sys.path))
    return tuple(place for place in found if not here.startswith(place))


@functools.cache
def _libraries(home: str, caches: str, _: int) -> list[str]:
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix}
    places = {os.path.join(one, name) for one in prefixes for name in ("lib", "lib64", "bin", "share", "etc")}  # noqa: PTH118
    places |= {os.path.join(one, "pyvenv.cfg") for one in prefixes} | {os.path.dirname(os.__file__)}  # noqa: PTH118, PTH120
    places |= {place for place in sys.path if place.endswith(("site-packages", "dist-packages"))}
    places |= {"/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/lib64", "/bin", "/run", _MEGURU}
    places |= {caches} - {""}
    hidden = [os.path.join(home, ".")] if home.strip("/") else []  # noqa: PTH118 - caches and settings of libraries
    return [*(place + os.sep for place in places), *hidden]


class FileWatch:
    """The files that one step opened, by absolute path, and the folders that it listed.

    Paths that begin like one of `ignored` are not noted. In a process that was forked from this one, and with
    `elsewhere`, what is noted is told in `file` as well.
    """

    def __init__(self, ignored: tuple[str, ...], file: str = "", *, elsewhere: bool = False) -> None:
        self.ignored, self.file = ignored, file
        self.pid = -1 if elsewhere else os.getpid()
        self.marks: dict[str, Mark] = {}
        self.listed: dict[str, str] = {}
        self.made: set[str] = set()

    def opened(self, path: Any, flags: int) -> None:
        """Note that a file is about to be opened."""
        name = self._name(path)
        if name is None:
            return
        known = self.marks.get(name)
        if not flags & _WRITES:
            if known is None:
                found = signature(name)
                if found is not None:
                    self._mark(name, Mark(READ, *found))
            elif known.how == ADDED:
                self._mark(name, known._replace(how=MIXED))
        elif known is None:
            found = None if flags & os.O_TRUNC else signature(name)
            how = WRITTEN if found is None else MIXED if flags & os.O_RDWR else ADDED
            self._mark(name, Mark(how, *(found or ())))
        elif known.how == READ:
            self._mark(name, known._replace(how=MIXED))

    def replaced(self, path: Any) -> None:
        """Note that a file is put in the place of another one."""
        self.opened(path, os.O_WRONLY | os.O_TRUNC)

    def lists(self, path: Any) -> None:
        """Note that a folder is about to be listed."""
        name = self._name("." if path is None else path)
        if name is None or name in self.listed or name in self.made:
            return
        self.listed[name] = ""  # to list it here is an event too
        self.listed[name] = names_in(name)
        self._tell("listed", name, self.listed[name])

    def makes(self, path: Any) -> None:
        """Note that a folder is about to be made."""
        name = self._name(path)
        if name is not None and not os.path.isdir(name):  # noqa: PTH112
            self.made.add(name)

    def runs(self, arguments: Any) -> None:
        """Note the files that the arguments of a program name."""
        for one in arguments if isinstance(arguments, list | tuple) else ():
            name = self._name(one) if isinstance(one, str | os.PathLike) else None
            if name is not None and signature(name) is not None and not os.access(name, os.X_OK):
                self.opened(name, os.O_RDONLY)

    def absorb(self) -> None:
        """Take in what other processes told."""
        try:
            with open(self.file, encoding="utf-8", errors="surrogateescape") as lines:  # noqa: PTH123
                told = [json.loads(line) for line in lines if line.endswith("\n")]
        except (OSError, ValueError):
            return
        for how, name, *rest in told:
            if name.startswith(self.ignored):
                continue
            if how == "listed":
                self.listed.setdefault(name, rest[0])
            else:
                self.marks[name] = self._both(name, Mark(how, *rest))

    def _both(self, name: str, other: Mark) -> Mark:
        known = self.marks.get(name)
        if known is None or known.how == MIXED:
            return known or other
        if known.how == other.how or (known.how, other.how) == (WRITTEN, READ):
            return known
        if READ in {known.how, other.how}:
            # Who came first? If it is now what was read, the writing came before.
            read = known if known.how == READ else other
            is_own = signature(name) == tuple(read[1:]) and WRITTEN in {known.how, other.how}
            return Mark(WRITTEN) if is_own else read._replace(how=MIXED)
        return other if other.how == MIXED else known

    def _mark(self, name: str, mark: Mark) -> None:
        self.marks[name] = mark
        self._tell(*mark[:1], name, *mark[1:])

    def _tell(self, how: str, name: str, *rest: Any) -> None:
        if not self.file or self.pid == os.getpid():
            return
        # One write to a file opened for appending: lines of several processes don't mix.
        line = json.dumps([how, name, *rest]) + "\n"
        handle = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, line.encode(errors="surrogateescape"))
        finally:
            os.close(handle)

    def _name(self, path: Any) -> str | None:
        if isinstance(path, int):
            return None
        name = os.path.abspath(os.fsdecode(path))  # noqa: PTH100
        if name in self.marks:
            return name
        if name.startswith(self.ignored) or name == self.file or len(self.marks) >= _MAX_FILES:
            return None
        return None if any(part in name for part in _OWN) else name


of_thread: ContextVar[FileWatch | None] = ContextVar("meguru_watch", default=None)
_whole: list[FileWatch] = []
_installed: list[bool] = []


def current() -> FileWatch | None:
    """Return what notes the files of this thread, else of this process."""
    return of_thread.get() or (_whole[0] if _whole else None)


def watch_all(watch: FileWatch) -> None:
    """Let a watch note the files of all threads of this process, until it ends."""
    _whole[:] = [watch]


def install() -> None:
    """Hear of what this process opens; nothing happens while nobody watches."""
    if not _installed:
        _installed.append(True)
        sys.addaudithook(_hook)


def _on_open(watch: FileWatch, args: tuple[Any, ...]) -> None:
    watch.opened(args[0], args[2])


def _on_list(watch: FileWatch, args: tuple[Any, ...]) -> None:
    # Imports look into the folders of the path; what they find there is code, which counts by itself.
    if "importlib" not in sys._getframe(2).f_code.co_filename:  # noqa: SLF001 - as the standard library does
        watch.lists(args[0])


def _on_rename(watch: FileWatch, args: tuple[Any, ...]) -> None:
    watch.replaced(args[1])


def _on_mkdir(watch: FileWatch, args: tuple[Any, ...]) -> None:
    watch.makes(args[0])


def _on_database(watch: FileWatch, args: tuple[Any, ...]) -> None:
    watch.opened(args[0], os.O_RDONLY)


def _on_program(watch: FileWatch, args: tuple[Any, ...]) -> None:
    watch.runs(args[1])


_HANDLERS: dict[str, Callable[[FileWatch, tuple[Any, ...]], None]] = {
    "open": _on_open,
    "os.listdir": _on_list,
    "os.scandir": _on_list,
    "os.rename": _on_rename,
    "os.mkdir": _on_mkdir,
    "sqlite3.connect": _on_database,
    "subprocess.Popen": _on_program,
}


def _hook(event: str, args: tuple[Any, ...]) -> None:
    handle = _HANDLERS.get(event)
    if handle is None:
        return
    watch = current()
    if watch is not None:
        # Whatever goes wrong here must not stop the step from opening its file.
        with contextlib.suppress(Exception):
            handle(watch, args)
