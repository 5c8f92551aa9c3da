"""How images look: a hash that near duplicates share, and how bright they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from meguru.datasets.folders.files import FolderFiles
from meguru.datasets.folders.pixels import opened_image
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

SIDE = 9
_EDGE = 64


def measure_images(files: FolderFiles, paths: Sequence[str]) -> pl.DataFrame:
    """Return `digest`, `dhash`, `brightness` and `contrast` of images; damaged ones have no row.

    `brightness` and `contrast` are mean and standard deviation of the grey values, from 0 to 1.
    """
    import polars as pl

    digests = dict(zip(files.index["path"], files.index["digest"], strict=True))
    rows = []
    for path in paths:
        with files.open(path) as file:
            try:
                rows.append((digests[path], *_measure(file)))
            except InvalidInput:
                continue
    schema = {
        "digest": pl.String,
        "dhash": pl.UInt64,
        "brightness": pl.Float64,
        "contrast": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _measure(file: IO[bytes]) -> tuple[int, float, float]:
    with opened_image(file, edge=_EDGE) as image:
        grey = image.convert("L")
        values = np.asarray(grey, dtype=np.float64) / 255
        return dhash(grey), round(float(values.mean()), 6), round(float(values.std()), 6)


def dhash(grey: Any) -> int:
    """Return 64 bits that tell where an image gets brighter from left to right.

    Scaling, recompressing and light changes of colour flip few of them.

    Parameters
    ----------
    grey
        A Pillow image of the mode ``L``.

    References
    ----------
    Krawetz, N. (2013). Kind of like that. The Hacker Factor Blog.
    """
    small = np.asarray(grey.resize((SIDE, SIDE - 1), resample=2), dtype=np.int16)
    return int.from_bytes(np.packbits(small[:, 1:] > small[:, :-1]).tobytes())
