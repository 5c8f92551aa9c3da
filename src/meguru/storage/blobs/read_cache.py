"""Copies of blobs that are elsewhere: a folder of this user's processes, within a bound."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
from pathlib import Path

from meguru.base.settings import load_settings
from meguru.storage.blobs.local import LocalStore

DEFAULT_BYTES, _DISK_SHARE = 50 << 30, 4
"""The bound if none is set: so many bytes, and a quarter of the disk at most."""
GRACE_SECONDS = 3600.0
"""What was used in this time stays, also above the bound: somebody may be about to open its file."""
_NOTE_SECONDS = GRACE_SECONDS / 6
"""How often a process notes that it goes on using a blob; and how often one that begins looks for room."""
_PART = 20
"""It is looked again whether there is too much when a twentieth of the bound was added."""
_DRAFT_SECONDS = 86_400.0
_USED, _LOCK, _EVICTING = "used", "used.lock", "evicting.lock"
_NAME_LETTERS = 62


class ReadCache(LocalStore):
    """A folder of copies; those not used for longest go first when they have more than `most` bytes.

    When each was used is the time of an empty file beside them, which all processes share: the time of the
    copy itself tells whether it was changed. A file that is open or mapped lives on without its name.
    A lazy frame opens its files when it is collected: if that is an hour after it was made, one may be gone.
    """

    def __init__(self, folder: Path, most: int = 0) -> None:
        super().__init__(folder)
        self._most = most
        self._noted: dict[str, float] = {}
        self._unchecked: int | None = None  # bytes added since the last look; None before the first

    def path(self, digest: str) -> Path:
        """Return the copy, which stays for an hour at least."""
        self._note_copy(digest)
        return super().path(digest)

    def get_bytes(self, digest: str) -> bytes:
        """Return the bytes of the copy."""
        self._note_copy(digest)
        return super().get_bytes(digest)

    def delete(self, digest: str) -> None:
        """Remove a copy."""
        self._noted.pop(digest, None)
        super().delete(digest)
        (self.folder / _USED / digest).unlink(missing_ok=True)

    def _publish(self, draft: Path, digest: str) -> None:
        size = draft.stat().st_size
        self._note(digest)  # before: a copy that is there already stays from here on
        super()._publish(draft, digest)
        if self._unchecked is None and self._is_looked_at():
            self._unchecked = 0
        added = None if self._unchecked is None else self._unchecked + size
        if added is None or added >= self.bound // _PART:
            added = 0
            self.make_room()
        self._unchecked = added

    def _is_looked_at(self) -> bool:
        """Tell whether anybody looked for room lately: each step is a process, and a look reads all names."""
        with suppress(OSError):
            return time.time() - (self.folder / _EVICTING).stat().st_mtime < _NOTE_SECONDS
        return False

    @property
    def bound(self) -> int:
        """How many bytes there may be."""
        said = self._most or load_settings().blob_cache
        return said or min(DEFAULT_BYTES, shutil.disk_usage(self.folder).total // _DISK_SHARE)

    def make_room(self) -> int:
        """Remove the copies that were not used for longest, if there are too many; return the bytes."""
        freed = 0
        with suppress(OSError), self._locked(_EVICTING, LOCK_EX | LOCK_NB):  # else another process does it
            (self.folder / _EVICTING).touch()
            self.drop_drafts(time.time() - _DRAFT_SECONDS)
            copies = sorted(self._copies())
            left, most = sum(size for _, size, _ in copies), self.bound
            for used, size, digest in copies:
                if left <= most or used > time.time() - GRACE_SECONDS:
                    break
                if self._evict(digest, used):
                    left, freed = left - size, freed + size
        return freed

    def used_bytes(self) -> int:
        """Return how many bytes the copies have."""
        return sum(size for _, size, _ in self._copies())

    def _copies(self) -> Iterator[tuple[float, int, str]]:
        """Yield when each copy was used last, its bytes, and its digest."""
        for place in self.folder.glob("[0-9a-f][0-9a-f]/*"):
            if len(place.name) != _NAME_LETTERS:
                continue  # what NFS keeps of a file that was removed while it was open
            with suppress(FileNotFoundError):
                found, digest = place.stat(), place.parent.name + place.name
                yield max(found.st_mtime, self._used_at(digest)), found.st_size, digest

    def _evict(self, digest: str, used: float) -> bool:
        """Remove a copy that nobody used since it was looked at; tell whether it went."""
        # Who takes it into use writes so down under the same lock before looking for the file: so it is seen
        # here, or there that the file is gone.
        with self._locked(_LOCK, LOCK_EX):
            if self._used_at(digest) > used:
                return False
            self.delete(digest)
            return True

    def _note_copy(self, digest: str) -> None:
        if self._place(digest).exists():  # whoever looks for it does so again, behind the note
            self._note(digest)

    def _note(self, digest: str) -> None:
        now = time.time()  # as the times of files: a monotonic clock stands still while a machine sleeps
        if abs(now - self._noted.get(digest, -_NOTE_SECONDS)) < _NOTE_SECONDS:
            return
        with suppress(OSError):  # a folder that can't be written to is read all the same
            place = self.folder / _USED / digest
            place.parent.mkdir(parents=True, exist_ok=True)
            with self._locked(_LOCK, LOCK_SH):
                place.touch()
            self._noted[digest] = now

    def _used_at(self, digest: str) -> float:
        with suppress(FileNotFoundError):
            return (self.folder / _USED / digest).stat().st_mtime
        return 0.0

    @contextmanager
    def _locked(self, name: str, how: int) -> Iterator[None]:
        with (self.folder / name).open("ab") as file:
            flock(file, how)
            yield
