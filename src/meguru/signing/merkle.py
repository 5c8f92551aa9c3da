r"""Merkle trees over entries of a log: one hash that stands for all of them, and short proofs against it.

A tree of n entries is split at the largest power of two below n. The tree's hash is

.. math:: H(\{d\}) = \mathrm{SHA256}(0 \| d), \qquad H(D_n) = \mathrm{SHA256}(1 \| H(D_{0:k}) \| H(D_{k:n})).

An entry, or an earlier tree, is proved by about :math:`\log_2 n` hashes. Each is the hash of a range of
entries: `inclusion_ranges` and `consistency_ranges` say which, so that whoever keeps the entries reads each
once, in order, and holds none.

References
----------
RFC 6962, sections 2.1 to 2.1.2; RFC 9162, sections 2.1.3.2 and 2.1.4.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

EMPTY = sha256().digest()
"""The hash of a tree without entries."""
_BLOCK = 256
Range = tuple[int, int]
"""Entries from the first number, counted from 0, up to and without the second."""


class MerkleFrontier:
    """The right edge of a tree: all that is needed to add entries, in about 32 log2(n) bytes.

    Attributes
    ----------
    size
        How many entries there are.
    peaks
        The hashes of the full subtrees, from left to right: one for each bit that is set in `size`.
    """

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size, self.peaks = size, list(peaks)
        if size < 0 or len(self.peaks) != size.bit_count():
            message = f"a tree of {size} entries has {size.bit_count()} peaks, not {len(self.peaks)}"
            raise ValueError(message)

    def add(self, *entries: bytes) -> None:
        """Add entries at the end."""
        start, end = 0, len(entries)
        while start < end:
            # Where a full subtree begins and so many are left, it is made level by level: in half the time.
            step = _BLOCK if self.size % _BLOCK == 0 and end - start >= _BLOCK else 1
            self._push(_full(entries[start : start + step]), step)
            start += step

    def _push(self, node: bytes, step: int) -> None:
        # As a binary counter carries: each bit that is set in the size is a full subtree of that height.
        rest = self.size // step
        while rest & 1:
            node = _node(self.peaks.pop(), node)
            rest >>= 1
        self.peaks.append(node)
        self.size += step

    @property
    def root(self) -> bytes:
        """The hash of the whole tree."""
        if not self.peaks:
            return EMPTY
        found = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            found = _node(peak, found)
        return found


def root_of(entries: Iterable[bytes]) -> bytes:
    """Return the hash of a tree of these entries."""
    tree = MerkleFrontier()
    for entry in entries:
        tree.add(entry)
    return tree.root


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Return the ranges whose hashes prove that entry `index` is in the tree of `size` entries, in order.

    Raises
    ------
    ValueError
        If the tree has no such entry.
    """
    if not 0 <= index < size:
        message = f"a tree of {size} entries has no entry {index}"
        raise ValueError(message)
    found: list[Range] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    return found[::-1]


def consistency_ranges(old: int, size: int) -> list[Range]:
    """Return the ranges whose hashes prove that the tree of `old` entries is the beginning of that of `size`.

    Raises
    ------
    ValueError
        If the older tree is empty, or the larger one.
    """
    if not 0 < old <= size:
        message = f"a tree of {old} entries is no beginning of one of {size} that could be proved"
        raise ValueError(message)
    found: list[Range] = []
    start, end, whole = 0, size, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start, whole = middle, False
    # Who checks knows the older tree's hash, and needs no other of it if it is one full subtree.
    return [*([] if whole else [(start, end)]), *found[::-1]]


def includes(entry: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Return whether a proof shows that the tree of this hash and size has `entry` at `index`."""
    if not 0 <= index < size:
        return False
    # RFC 9162, 2.1.3.2. The prefixes 0 and 1 (domain separation) keep a leaf from being passed off as a node.
    place, last, found = index, size - 1, sha256(b"\0" + entry).digest()
    for each in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = _node(each, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = _node(found, each)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def continues(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Return whether a proof shows that the older tree is the beginning of the larger one."""
    if old == size:
        return not proof and old_root == root
    if not 0 < old < size:
        return False
    # RFC 9162, 2.1.4.2. Where the older size is a power of two, its root is itself the first node of the
    # path.
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = path[0]
    for each in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = _node(each, before), _node(each, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = _node(after, each)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == root


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def _full(entries: Sequence[bytes]) -> bytes:
    """Return the hash of a full subtree: of as many entries as a power of two."""
    level = [sha256(b"\0" + entry).digest() for entry in entries]
    while len(level) > 1:
        level = [
            sha256(b"\1" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=True)
        ]
    return level[0]


def _split(size: int) -> int:
    return int(1 << (size - 1).bit_length() - 1)
