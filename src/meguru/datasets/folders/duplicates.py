"""Files that are the same, or images that nearly are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import numpy.typing as npt

from meguru.datasets.folders.client import FolderDoor
from meguru.datasets.folders.facts import IMAGES as PICTURES
from meguru.datasets.folders.materialize import files_of
from meguru.datasets.folders.measure.client import measured
from meguru.datasets.folders.measure.images import measure_images
from meguru.datasets.folders.measure.types import IMAGES
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

DISTANCE, MAX_DISTANCE = 4, 10
MIN_CONTRAST = 0.01
"""Images of less contrast are one colour: their hash tells nothing."""
_BITS = 64
_PAIRS_AT_ONCE = 4_000_000

Hashes = npt.NDArray[np.uint64]


class Duplicates(msgspec.Struct, frozen=True, kw_only=True):
    """Groups of files that are the same or nearly so, the largest first; each has at least two.

    `plain` images are one colour, and in no group of near duplicates.
    """

    ref: str
    groups: list[list[str]]
    files: int
    plain: int = 0


def duplicates(ws: FolderDoor, ref: str, *, near: bool = False, distance: int = DISTANCE) -> Duplicates:
    """Find files of a version with the same content; with `near` also images that look the same.

    Parameters
    ----------
    near
        Whether images count whose hashes (see `images.dhash`) differ by few bits. What is measured for it is
        kept with the version.
    distance
        By how many bits of 64, at most.
    """
    import polars as pl

    if not 0 <= distance <= MAX_DISTANCE:
        raise InvalidInput("the distance is a few bits", why=f"0 to {MAX_DISTANCE}", field="distance")
    files = files_of(ws, ref)
    rows = files.index.select("path", "digest")
    plain = 0
    if near:
        looks, _ = measured(ws, ref, IMAGES, measure_images, kinds=sorted(PICTURES))
        told = looks.filter(pl.col("contrast") >= MIN_CONTRAST) if looks.width > 1 else looks
        plain = rows.join(looks, on="digest", how="semi").height
        plain -= rows.join(told, on="digest", how="semi").height
        rows = _grouped(rows, told, distance) if told.height else rows
    groups = rows.group_by("digest").agg("path").filter(pl.col("path").list.len() > 1)["path"].to_list()
    groups = sorted((sorted(group) for group in groups), key=lambda group: (-len(group), group))
    return Duplicates(ref=ref, groups=groups, files=files.index.height, plain=plain)


def _grouped(rows: pl.DataFrame, looks: pl.DataFrame, distance: int) -> pl.DataFrame:
    """Give files that look the same one digest: that of the first of them."""
    import polars as pl

    group = near_groups(looks["dhash"].to_numpy(), distance)
    same = pl.DataFrame({"digest": looks["digest"], "same": looks["digest"].gather(group)})
    joined = rows.join(same, on="digest", how="left")
    return joined.select("path", pl.coalesce("same", "digest").alias("digest"))


def near_groups(hashes: npt.NDArray[np.uint64], distance: int) -> npt.NDArray[np.int64]:
    """Return for each hash the place of the first one of its group.

    Hashes that differ by at most `distance` bits are of one group, and so is what is reached by several such
    steps.

    Notes
    -----
    Cut into one band more than bits may differ, two such hashes share a band: only those are compared.
    """
    unique, first, place = np.unique(hashes, return_index=True, return_inverse=True)
    group = np.arange(unique.size)
    # Pigeonhole: d differing bits spoil at most d of d + 1 bands, so one band is equal.
    for left, right in _candidates(unique, distance + 1):
        close = np.bitwise_count(unique[left] ^ unique[right]) <= distance
        _unite(group, left[close], right[close])
    roots = np.array([_root(group, int(each)) for each in range(unique.size)], dtype=np.int64)
    firsts = np.full(unique.size, hashes.size, dtype=np.int64)
    np.minimum.at(firsts, roots, first)
    found: npt.NDArray[np.int64] = firsts[roots][place]
    return found


def _candidates(hashes: Hashes, bands: int) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Yield pairs of places whose hashes share a band, some millions at a time at most."""
    edges = np.linspace(0, _BITS, bands + 1).astype(int).tolist()
    for low, high in pairwise(edges):
        mask = np.uint64((1 << (high - low)) - 1)
        keys = (hashes >> np.uint64(low)) & mask
        order = np.argsort(keys, kind="stable")
        # The prepended value differs from the first key, so that the first run has a start too.
        starts = np.flatnonzero(np.diff(keys[order], prepend=~keys[order[:1]])) if order.size else order
        ends = np.append(starts[1:], order.size)
        for start, end in zip(starts, ends, strict=True):
            members = order[start:end]
            # Some rows of the triangle at a time: a band that very many share would be a matrix beyond
            # memory.
            for begin in range(0, members.size - 1, rows := max(1, _PAIRS_AT_ONCE // members.size)):
                some = np.arange(begin, min(begin + rows, members.size))
                left, right = np.meshgrid(some, np.arange(members.size), indexing="ij")
                later = right > left
                yield members[left[later]], members[right[later]]


def _unite(group: npt.NDArray[np.int64], left: npt.NDArray[np.int64], right: npt.NDArray[np.int64]) -> None:
    for one, other in zip(left.tolist(), right.tolist(), strict=True):
        first, second = sorted((_root(group, one), _root(group, other)))
        group[second] = first


def _root(group: npt.NDArray[np.int64], place: int) -> int:
    while (above := int(group[place])) != place:
        # Path halving, as in union-find.
        group[place] = group[above]
        place = above
    return place
