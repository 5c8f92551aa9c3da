"""Decode images of strangers: only kinds that are plain pixels, no more of them than memory holds."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from meguru.errors import InvalidInput, MissingDependency

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 50_000_000
KINDS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")
"""None of these is a program, as EPS is, or a document, as SVG is."""
_QUALITY = 82


@contextmanager
def opened_image(file: IO[bytes], *, edge: int = 0) -> Iterator[Image]:
    """Open the first picture of a file, turned as its camera was held.

    With an `edge`, a JPEG is decoded no larger than needed for so many pixels.

    Raises
    ------
    InvalidInput
        If it is no image of a known kind, is damaged, or has more than `MAX_PIXELS`.
    """
    try:
        from PIL import Image, ImageOps
    except ImportError as error:
        raise MissingDependency.of("images", "pillow") from error
    try:
        with warnings.catch_warnings(), Image.open(file, formats=KINDS) as image:
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            if image.width * image.height > MAX_PIXELS:
                why = f"{image.width:,} × {image.height:,} pixels; up to {MAX_PIXELS:,} are decoded"
                raise InvalidInput("the image is too large", why=why)
            if edge:
                # JPEG decodes at an eighth of the size at once: a thumbnail then costs a fraction.
                image.draft("RGB", (edge, edge))
            yield ImageOps.exif_transpose(image)
    except Image.DecompressionBombError as error:
        raise InvalidInput("the image is too large", why=str(error)[:200]) from error
    except (OSError, ValueError, SyntaxError, EOFError, OverflowError, IndexError, KeyError) as error:
        # What decoders raise of damaged files is as various as these are.
        raise InvalidInput("the image can't be read", why=str(error)[:200]) from error


def thumbnail(file: IO[bytes], edge: int) -> bytes:
    """Return a JPEG of an image that fits into a square; see `opened_image`."""
    from PIL import Image

    with opened_image(file, edge=edge) as image:
        small = image.convert("RGBA" if image.has_transparency_data else "RGB")
        small.thumbnail((edge, edge))
        if small.mode == "RGBA":
            paper = Image.new("RGB", small.size, "white")
            paper.paste(small, mask=small)
            small = paper
        body = io.BytesIO()
        small.save(body, "JPEG", quality=_QUALITY)
        return body.getvalue()
