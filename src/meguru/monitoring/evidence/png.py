"""A drawing as a picture that every mail program shows (extra ``pictures``)."""

from __future__ import annotations

from meguru.errors import MissingDependency

ZOOM = 1.5
"""Pixels a unit: screens are finer than drawings."""


def png_of(svg: str) -> bytes:
    """Return an SVG drawing as PNG.

    Letters are of the fonts of this machine; without any the drawing has none, and the words are in the
    message all the same.

    Raises
    ------
    MissingDependency
        If the extra ``pictures`` is not installed.
    """
    try:
        from resvg_py import svg_to_bytes
    except ImportError as error:
        raise MissingDependency.of("pictures", "resvg_py") from error
    return bytes(svg_to_bytes(svg_string=svg, background="#ffffff", zoom=ZOOM))
