"""Whether probabilities are the shares that they say, as a drawing."""

from __future__ import annotations

from markupsafe import Markup

from meguru.base.scale import Scale
from meguru.base.svg import path, picture, tag
from meguru.monitoring.evidence.translation import EvidenceWords
from meguru.monitoring.reliability import Reliability

SIZE, LEFT, FOOT, TOP, RIGHT = 240.0, 40.0, 34.0, 8.0, 10.0
MAX_RADIUS = 7.0


def calibration(found: Reliability, words: EvidenceWords) -> Markup:
    """Draw what happened over what was said: a dot a group of rows, its size by their number."""
    across, up = Scale(0, 1, LEFT, SIZE - RIGHT), Scale(0, 1, SIZE - FOOT, TOP)
    drawn = [tag("path", {"class": "frozen", "d": path([(across(0), up(0)), (across(1), up(1))])})]
    for level in (0.0, 0.5, 1.0):
        ends = {"x1": LEFT, "x2": SIZE - RIGHT, "y1": up(level), "y2": up(level), "class": "grid"}
        drawn.append(tag("line", ends))
        drawn.append(tag("text", {"x": LEFT - 5, "y": up(level) + 4, "text-anchor": "end"}, f"{level:g}"))
        drawn.append(
            tag("text", {"x": across(level), "y": SIZE - FOOT + 14, "text-anchor": "middle"}, f"{level:g}")
        )
    groups = list(zip(found.scores, found.shares, found.rows, strict=True))
    drawn.append(tag("path", {"class": "live", "d": path((across(x), up(y)) for x, y, _ in groups)}))
    most = max(found.rows, default=1) or 1
    for score, share, rows in groups:
        said = words.text(
            "said {score}, happened {share}, of {rows} rows",
            score=f"{score:.3f}",
            share=f"{share:.3f}",
            rows=f"{rows:,}",
        )
        at = {"cx": across(score), "cy": up(share), "r": max(2.0, MAX_RADIUS * (rows / most) ** 0.5)}
        drawn.append(tag("circle", at | {"class": "dot"}, tag("title", None, said)))
    middle = {"x": (LEFT + SIZE - RIGHT) / 2, "y": SIZE - 4, "text-anchor": "middle"}
    drawn.append(tag("text", middle, words.text("the score; upwards: how often it happened")))
    label = words.text("how often it happened, by what the model said")
    return picture(SIZE, SIZE, label, drawn, "chart shares square")
