"""When each step of a run was at work."""

from __future__ import annotations

from markupsafe import Markup

from meguru.console.charts.scale import Scale
from meguru.console.charts.svg import picture, tag

WIDTH, HEIGHT, LEAST = 260.0, 14.0, 2.0


def lane(span: tuple[float, float] | None, whole: float, state: str, label: str) -> Markup:
    """Draw one step's bar, from and to so many seconds after the run began, of `whole` seconds."""
    across = Scale(0, max(whole, 0.001), 1, WIDTH - 1)
    ends = {"class": "axis", "x1": 0.0, "x2": WIDTH, "y1": HEIGHT - 0.5, "y2": HEIGHT - 0.5}
    drawn = [tag("line", ends)]
    if span is not None:
        left, right = across(max(span[0], 0)), across(max(span[1], 0))
        left = min(left, WIDTH - LEAST - 1)
        box = {"x": left, "y": 2.0, "width": max(LEAST, right - left), "height": HEIGHT - 5, "rx": 2.0}
        drawn.append(tag("rect", {"class": f"step {state}"} | box))
    return picture(WIDTH, HEIGHT, label, drawn, "chart lane")
