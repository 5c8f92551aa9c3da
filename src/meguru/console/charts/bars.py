"""Small bars: the shape of a column's values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from meguru.base.svg import picture, tag

WIDTH, HEIGHT, GROUPS = 120.0, 26.0, 24


def column_bars(profile: Mapping[str, Any], label: str) -> Markup:
    """Draw a column's profile: the histogram of numbers or times, or the most frequent categories."""
    return bars(heights_of(profile), label)


def heights_of(profile: Mapping[str, Any]) -> list[float]:
    """Return how high the bars of a column's profile are, in rows."""
    match profile.get("kind"):
        case "numeric":
            return _regroup(list(profile["counts"])[1:-1])
        case "time":
            return _regroup(list(profile["counts"]))
    return [float(count) for _, count in profile.get("top", [])[:GROUPS]]


def bars(heights: Sequence[float], label: str) -> Markup:
    """Draw bars, the tallest as high as the drawing."""
    top = max(heights, default=0) or 1
    step = WIDTH / max(len(heights), 8)
    drawn = [
        tag(
            "rect",
            {
                "class": "bar",
                "x": index * step,
                "y": HEIGHT - max(1.0, HEIGHT * value / top),
                "width": step * 0.82,
                "height": max(1.0, HEIGHT * value / top),
            },
        )
        for index, value in enumerate(heights)
        if value > 0
    ]
    return picture(WIDTH, HEIGHT, label, drawn, "chart small")


def _regroup(counts: Sequence[int]) -> list[float]:
    size = max(1, -(-len(counts) // GROUPS))
    return [float(sum(counts[at : at + size])) for at in range(0, len(counts), size)]
