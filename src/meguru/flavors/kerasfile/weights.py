"""The check of the weights of a Keras file: plain numbers in the file itself, no more than it is long."""

from __future__ import annotations

import io
import math
from typing import Any

from meguru.errors import MissingDependency, TooLarge, UnsafeModel, is_our_fault
from meguru.flavors.archives import MAX_BYTES, MAX_RATIO, malformed

MAX_DEPTH, MAX_OBJECTS = 40, 200_000
_SLACK = 1 << 20


def check(data: bytes, where: str = "") -> int:
    """Return how many numbers a file of weights holds.

    Raises
    ------
    UnsafeModel
        When a part of it lies in another file, is a link, or is no plain number.
    TooLarge
        When it unpacks to far more than it is long.
    """
    try:
        import h5py
    except ImportError as error:
        raise MissingDependency.of("keras", "h5py") from error
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            walk = _Walk(where, len(data))
            walk.group(file, 0)
            return walk.numbers
    except Exception as error:  # the library raises nearly anything on a crafted file
        if is_our_fault(error) or isinstance(error, UnsafeModel | TooLarge):
            raise
        raise malformed(where, f"its weights can't be read ({error})") from error


class _Walk:
    """Goes through all groups; counts what it meets."""

    def __init__(self, where: str, length: int) -> None:
        self._where, self._length = where, length
        self._objects = self._bytes = self.numbers = 0

    def group(self, group: Any, depth: int) -> None:
        """Check a group and what is in it."""
        import h5py

        for name in group:
            self._objects += 1
            if depth > MAX_DEPTH or self._objects > MAX_OBJECTS:
                raise TooLarge("the model's weights are nested beyond all bounds", where=self._where)
            # HDF5 follows soft and external links by itself, also to /etc/passwd.
            if type(group.get(name, getlink=True)) is not h5py.HardLink:
                raise self._refused(name, "it is a link, which may lead into another file")
            each = group[name]
            if isinstance(each, h5py.Group):
                self.group(each, depth + 1)
            elif isinstance(each, h5py.Dataset):
                self._dataset(name, each)
            else:
                raise self._refused(name, "it is no array")

    def _dataset(self, name: str, each: Any) -> None:
        if each.external or each.is_virtual:
            raise self._refused(name, "its values lie in another file")
        if each.dtype.kind not in "fiub" or each.dtype.hasobject:
            raise self._refused(name, f"its values are {each.dtype}, and no plain numbers")
        size = math.prod(each.shape or ())
        self.numbers += size
        self._bytes += size * each.dtype.itemsize
        if self._bytes > min(MAX_BYTES, self._length * MAX_RATIO + _SLACK):
            why = f"they unpack to more than {self._bytes:,} bytes, from {self._length:,}"
            raise TooLarge("the model's weights are packed like a bomb", where=self._where, why=why)

    def _refused(self, name: str, why: str) -> UnsafeModel:
        return UnsafeModel(f"the weights hold {name[:80]!r}, which is not loaded", where=self._where, why=why)
