"""What every materializer promises."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec

from meguru.base import digests

if TYPE_CHECKING:
    from meguru.storage.blobs import BlobStore


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A value that was written: `digest` names its blob (or the tree of its files).

    `meta` is what is needed to read it back and counts as content; `info` is shown to people only.
    """

    kind: str
    digest: str
    size: int
    meta: dict[str, Any] = {}
    info: dict[str, Any] = {}

    @property
    def identity(self) -> str:
        """The digest of the content: equal when a reader could not tell two values apart."""
        return digests.of_value([self.kind, self.digest, self.meta])


class ValueStore(NamedTuple):
    """Where values are kept, and a folder of this step's own for files; it goes when the step is done."""

    blobs: BlobStore
    scratch: Path


class Materializer(Protocol):
    """Writes and reads one kind of value.

    Equal values are written as equal bytes, so that an unchanged output stops the wave of re-runs. Only
    data is written, never code: reading a value can't run anything that came with it.
    """

    def fits(self, value: Any) -> bool:
        """Tell whether this value is of this kind; it must not import a library the value can't be from."""
        ...

    def save(self, value: Any, annotation: Any, place: ValueStore) -> Value:
        """Write a value that a step with this return annotation gave."""
        ...

    def load(self, value: Value, annotation: Any, place: ValueStore) -> Any:
        """Read a value back; `annotation` is the return annotation of the step that made it."""
        ...


def is_from(value: Any, library: str) -> bool:
    """Tell whether a value's class, or one it inherits from, is defined in a library; imports nothing."""
    return any((kind.__module__ or "").partition(".")[0] == library for kind in type(value).__mro__)


def put(kind: str, data: bytes, place: ValueStore, meta: dict[str, Any] | None = None) -> Value:
    """Store bytes as a value."""
    return Value(kind=kind, digest=place.blobs.put_bytes(data), size=len(data), meta=meta or {})
