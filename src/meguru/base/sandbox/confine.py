"""Confine this process, from within and before it has loaded anything: the standard library alone.

Where the kernel lets it (as root, or with user namespaces), the process gets a network without devices and a
file system of its own: Python's and the system's libraries read-only, its own folder, and nothing else.
What could not be had is told, so that people know what stood between them and a file that they vouch for.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

_NEWNS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = 0x00020000, 0x08000000, 0x10000000, 0x20000000, 0x40000000
_RDONLY, _NOSUID, _NODEV, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
_NOEXEC, _NOATIME, _NODIRATIME, _RELATIME, _SAID_RELATIME = 8, 1024, 2048, 1 << 21, 4096
_DETACH = 2
_PIVOT = {"x86_64": 155, "aarch64": 41}
_DEATH_SIGNAL, _NO_NEW_PRIVILEGES, _DROP_BOUND = 1, 38, 24
_LAST_CAPABILITY = 63
_CAPABILITIES_V3 = 0x20080522
_SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/etc/ld.so.cache", "/etc/localtime")
NETWORK_FILES = ("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/ssl", "/etc/pki")
"""What finding other machines, and trusting them, takes."""
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")


def limit(*, memory: int, seconds: int, file: int, files: int = 256) -> None:
    """Bound what this process may use; memory is that of its own data, in bytes."""
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: file,
        resource.RLIMIT_NOFILE: files,
        resource.RLIMIT_DATA: memory,
        resource.RLIMIT_CPU: seconds,
    }
    for what, most_wanted in wanted.items():
        if most_wanted or what == resource.RLIMIT_CORE:
            hard = resource.getrlimit(what)[1]
            most = most_wanted if hard == resource.RLIM_INFINITY else min(most_wanted, hard)
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(what, (most, most))


def end_with(parent: int) -> None:
    """End this process when the thread ends that started it."""
    libc = _libc()
    if libc is not None:
        libc.prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def isolate(folder: Path, readable: Iterable[str], *, network: bool = False) -> list[str]:
    """Take the network and the files away, but for `folder` and what is `readable`; return what was taken.

    This process must have one thread. `folder` is the present folder afterwards, and called as before. With
    `network`, that is left. Where it can be, what returns is a child that sees no process but its own; this
    one waits for it, and ends as it does.
    """
    parent = os.getppid()
    libc = _libc()
    done: list[str] = []
    if libc is None:
        return done
    user, group = os.getuid(), os.getgid()
    # With a user namespace first, which needs no privilege where the system allows them; else as root.
    wanted = _NEWNS | _NEWIPC | _NEWPID | (0 if network else _NEWNET)
    if libc.unshare(wanted | _NEWUSER) == 0:
        _map_ids(user, group)
    elif libc.unshare(wanted) != 0:
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        return done
    if not network:
        done.append("network")
    with contextlib.suppress(OSError):
        _own_root(libc, folder, [*_SYSTEM, *_DEVICES, *readable])
        done.append("files")
    os.chdir(folder)
    _drop_rights(libc)
    _go_on_alone(parent)
    done.append("processes")
    return done


def _go_on_alone(parent: int) -> None:
    """Go on in a child, the first process of its namespace; end here as it ends there."""
    child = os.fork()
    if child == 0:
        end_with(os.getppid())
        return
    end_with(parent)  # the kernel forgot it where rights changed
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1)


def python_folders() -> list[str]:
    """Return where Python and all that it can import are."""
    places = [sys.prefix, sys.base_prefix, sys.executable, *filter(None, sys.path)]
    places.append(str(Path(sys.executable).resolve()))
    return list(dict.fromkeys(str(Path(place).absolute()) for place in places if Path(place).exists()))


def _libc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _map_ids(user: int, group: int) -> None:
    # "deny" comes first: without it an unprivileged process may not write gid_map (user_namespaces(7)).
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with contextlib.suppress(OSError):
            Path("/proc/self", name).write_text(text)


def _own_root(libc: ctypes.CDLL, folder: Path, readable: Iterable[str]) -> None:
    # Private: or what is mounted here would show in the namespace of the server, too.
    _mount(libc, None, "/", None, _REC | _PRIVATE)
    root = folder.parent / ".root"
    root.mkdir(exist_ok=True)
    _mount(libc, "tmpfs", str(root), "tmpfs", _NOSUID | _NODEV, "size=64m,mode=755")
    seen: list[str] = []
    for place in sorted({os.path.realpath(one) for one in readable}):
        if not Path(place).exists() or any(place == one or place.startswith(one + "/") for one in seen):
            continue
        seen.append(place)
        _bind(libc, place, root)
        # A bind mount takes no flags at first: it is made read-only by a second call.
        only_read = _REMOUNT | _BIND | _RDONLY | _NOSUID | _locked(place)
        _mount(libc, None, f"{root}{place}", None, only_read)
    for place in readable:
        _link(place, root)
    _bind(libc, str(folder), root)
    (root / "tmp").mkdir(exist_ok=True)
    (root / "old").mkdir()
    os.chdir(root)
    # pivot_root, not chroot: from a chroot a process with rights finds the way out. libc has no function for
    # it.
    number = _PIVOT.get(os.uname().machine)
    if number is None or libc.syscall(number, b".", b"old") != 0:
        raise OSError(ctypes.get_errno(), "pivot_root")
    os.chdir("/")
    if libc.umount2(b"/old", _DETACH) != 0:
        os._exit(1)  # with the old files there it would not be what is promised


def _link(place: str, root: Path) -> None:
    """Make the links again by which a place is called, such as ``/lib`` for ``/usr/lib``."""
    parts = Path(place).parts
    for n in range(1, len(parts) + 1):
        path = Path(*parts[:n])
        here = root / path.relative_to("/")
        if path.is_symlink() and not here.is_symlink() and not here.exists():
            here.parent.mkdir(parents=True, exist_ok=True)
            here.symlink_to(os.path.realpath(path))


def _bind(libc: ctypes.CDLL, place: str, root: Path) -> None:
    target = root / place.lstrip("/")
    if Path(place).is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    try:  # without what is mounted below, which would stay writable
        _mount(libc, place, str(target), None, _BIND)
    except OSError:  # what is hidden below a mount must not be uncovered
        _mount(libc, place, str(target), None, _BIND | _REC)


def _locked(place: str) -> int:
    """Return the flags of a mount that must stay as they are."""
    said = os.statvfs(place).f_flag
    kept = said & (_NOSUID | _NODEV | _NOEXEC | _NOATIME | _NODIRATIME)
    return kept | (_RELATIME if said & _SAID_RELATIME else 0)


def _mount(
    libc: ctypes.CDLL,
    source: str | None,
    target: str,
    kind: str | None,
    flags: int,
    data: str | None = None,
) -> None:
    texts = [None if text is None else text.encode() for text in (source, target, kind, data)]
    made = libc.mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3])
    if made != 0:
        raise OSError(ctypes.get_errno(), f"mount {target}")


def _drop_rights(libc: ctypes.CDLL) -> None:
    """Give up every capability, so that the way here can't be gone back."""
    # The bounding set, so that no program with file capabilities gets any again; then those that it has.
    for number in range(_LAST_CAPABILITY + 1):
        libc.prctl(_DROP_BOUND, number, 0, 0, 0)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_V3, 0)
    libc.capset(header, (ctypes.c_uint32 * 6)())
