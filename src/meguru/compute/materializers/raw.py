"""Bytes."""

from __future__ import annotations

from typing import Any

from meguru.compute.materializers.base import Value, ValueStore, put


class RawBytes:
    """The bytes themselves."""

    def fits(self, value: Any) -> bool:
        """Tell whether the value is bytes."""
        return isinstance(value, bytes | bytearray | memoryview)

    def save(self, value: Any, annotation: Any, place: ValueStore) -> Value:
        """Write the bytes."""
        del annotation
        return put("bytes", bytes(value), place)

    def load(self, value: Value, annotation: Any, place: ValueStore) -> Any:
        """Read the bytes."""
        del annotation
        return place.blobs.get_bytes(value.digest)


RAW = RawBytes()
