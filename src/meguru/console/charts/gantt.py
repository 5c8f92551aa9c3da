"""When each step of a run was at work."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from markupsafe import Markup

from meguru.base.scale import Scale
from meguru.base.svg import picture, tag

WIDTH, HEIGHT, LEAST = 260.0, 14.0, 2.0


class WorkTime(msgspec.Struct, frozen=True, kw_only=True):
    """The time of a run without the stretches in which nothing was at work, such as waiting for people.

    `breaks` are the stretches left out, in order, in seconds after the run began; `whole` is what is left.
    """

    breaks: list[tuple[float, float]]
    whole: float

    def __call__(self, moment: float) -> float:
        """Return how much of the work's time had gone by at a moment."""
        left_out = sum(min(moment, end) - start for start, end in self.breaks if start < moment)
        return moment - left_out


def work_time(spans: Iterable[tuple[float, float]], whole: float) -> WorkTime:
    """Leave out the stretches between steps that are long beside all the work, and the one after the last."""
    ordered = sorted(spans)
    busy, breaks, end = 0.0, [], 0.0
    for start, stop in [*ordered, (whole, whole)]:
        if start > end:
            breaks.append((end, start))
        busy += max(0.0, stop - max(start, end))
        end = max(end, stop)
    long = [(start, stop) for start, stop in breaks if ordered and stop - start > max(busy, 1.0)]
    return WorkTime(breaks=long, whole=whole - sum(stop - start for start, stop in long))


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
