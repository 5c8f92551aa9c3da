"""Plain values: None, bool, int, float (NaN too), str, and lists and string-keyed dicts of them."""

from __future__ import annotations

import json
from typing import Any

from meguru.compute.materializers.base import Value, ValueStore, is_from, put


class Plain:
    """JSON that keeps the order of keys and the exact numbers; NumPy scalars become Python's."""

    def fits(self, value: Any) -> bool:
        """Tell whether the value is plain all through."""
        if value is None or type(value) in {bool, int, float, str}:
            return True
        if type(value) is list:
            return all(self.fits(item) for item in value)
        if type(value) is dict:
            return all(type(key) is str and self.fits(item) for key, item in value.items())
        return _is_scalar(value)

    def save(self, value: Any, annotation: Any, place: ValueStore) -> Value:
        """Write JSON."""
        del annotation
        return put("plain", dump(value), place)

    def load(self, value: Value, annotation: Any, place: ValueStore) -> Any:
        """Read JSON."""
        del annotation
        return json.loads(place.blobs.get_bytes(value.digest))


def dump(value: Any) -> bytes:
    """Spell a plain value as JSON."""
    # Python's own JSON: it writes NaN, infinities and whole numbers of any size, and reads them as they were.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_scalar).encode()


def _is_scalar(value: Any) -> bool:
    generic = any(kind.__name__ == "generic" for kind in type(value).__mro__)
    return generic and is_from(value, "numpy") and value.dtype.kind in "biufU"


def _scalar(value: Any) -> Any:
    return value.item()


PLAIN = Plain()
