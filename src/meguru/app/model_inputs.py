"""What a model is given of a file: pixels or text, as its signature takes them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import IO, Any, Protocol

import numpy as np
import numpy.typing as npt

from meguru.datasets.folders.facts import IMAGES
from meguru.datasets.folders.pixels import opened_image
from meguru.errors import InvalidInput
from meguru.flavors.signature import ColumnType, Signature

MAX_TEXT = 1 << 20
_MODES = {1: "L", 3: "RGB"}
Pixels = npt.NDArray[np.float64]


class FileInput(Protocol):
    """How files become rows of one model."""

    kinds: Sequence[str]
    """How the media types begin of files that it can be asked of."""

    def of(self, file: IO[bytes]) -> object:
        """Return what the model is given of a file; InvalidInput if it is damaged."""
        ...

    def together(self, given: list[Any]) -> Any:
        """Return what was made of several files as the model takes it: a frame."""
        ...


def input_of(signature: Signature) -> FileInput:
    """Tell what of a file a model takes.

    A column of lists of the shape (height, width), (height, width, 1 or 3) or (1 or 3, height, width) takes
    an image's grey, or red, green and blue values, from 0 to 255, scaled to that size; n² numeric columns the
    grey values of n rows of n, 3n² all three, value by value. A column of text takes the text of a file.

    Raises
    ------
    InvalidInput
        If it takes something else.
    """
    first = signature.inputs[0]
    if len(signature.inputs) == 1 and first.type is ColumnType.STRING and not first.shape:
        return TextInput(first.name)
    if len(signature.inputs) == 1 and first.shape and (layout := _layout(first.shape)):
        return TensorInput(first.name, first.shape, *layout, whole=first.type is not ColumnType.DOUBLE)
    if signature.numeric and (square := _square(len(signature.inputs))):
        return ColumnInput(list(signature.names), *square)
    takes = ", ".join(f"{column.name} ({column.kept_as})" for column in signature.inputs[:5])
    hint = "it can if it takes a column of text, lists such as (224, 224, 3), or n² or 3n² numbers"
    what = "the model can't be asked of a file"
    raise InvalidInput(what, why=f"it takes {takes}", hint=hint, field="model")


class TextInput:
    """The text of a file, in one column."""

    kinds: Sequence[str] = ("text/",)

    def __init__(self, name: str) -> None:
        self._name = name

    def of(self, file: IO[bytes]) -> str:
        """Return the beginning of a text."""
        return file.read(MAX_TEXT).decode(errors="ignore")

    def together(self, given: list[str]) -> Any:
        """Return texts as a frame of one column."""
        import polars as pl

        return pl.DataFrame({self._name: given})


class TensorInput:
    """The pixels of an image, in one column of lists."""

    kinds: Sequence[str] = tuple(sorted(IMAGES))

    def __init__(
        self, name: str, shape: tuple[int, ...], height: int, width: int, colours: int, *, whole: bool
    ) -> None:
        self._name, self._shape, self._whole = name, shape, whole
        self._size, self._colours = (height, width), colours

    def of(self, file: IO[bytes]) -> Pixels:
        """Return the pixels of an image in the column's shape."""
        values = _pixels(file, *self._size, self._colours)
        if len(self._shape) == 3 and self._shape[2] != self._colours:
            values = values.reshape(*self._size, self._colours).transpose(2, 0, 1)
        return values.reshape(self._shape)

    def together(self, given: list[Pixels]) -> Any:
        """Return the pixels of images as a frame of one column."""
        import polars as pl

        kind = pl.Array(pl.Int64 if self._whole else pl.Float64, self._shape)
        return pl.DataFrame([pl.Series(self._name, np.stack(given)).cast(kind)])


class ColumnInput:
    """The pixels of a square image, each value in a column of its own."""

    kinds: Sequence[str] = tuple(sorted(IMAGES))

    def __init__(self, names: list[str], side: int, colours: int) -> None:
        self._names, self._side, self._colours = names, side, colours

    def of(self, file: IO[bytes]) -> Pixels:
        """Return the values of an image, one after the other."""
        return _pixels(file, self._side, self._side, self._colours).reshape(-1)

    def together(self, given: list[Pixels]) -> Any:
        """Return the values of images as a frame with a column each."""
        import polars as pl

        return pl.DataFrame(np.stack(given), schema=self._names, orient="row")


def _layout(shape: tuple[int, ...]) -> tuple[int, int, int] | None:
    """Return height, width and number of colours; None for what is no image."""
    if len(shape) == 2:
        return shape[0], shape[1], 1
    if len(shape) == 3 and shape[2] in _MODES:
        return shape[0], shape[1], shape[2]
    return (shape[1], shape[2], shape[0]) if len(shape) == 3 and shape[0] in _MODES else None


def _square(columns: int) -> tuple[int, int] | None:
    for colours in _MODES:
        side = math.isqrt(columns // colours)
        if side * side * colours == columns:
            return side, colours
    return None


def _pixels(file: IO[bytes], height: int, width: int, colours: int) -> Pixels:
    with opened_image(file, edge=max(height, width)) as image:
        scaled = image.convert(_MODES[colours])
        if scaled.size != (width, height):
            scaled = scaled.resize((width, height))
        return np.asarray(scaled, dtype=np.float64)
