"""The picture of `monitoring_alarms.py`: a year a row, a mark for each day that rang."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

LEFT, TOP, ROW, DAY_WIDTH = 330, 34, 13, 1.6


def draw(streams: Mapping[str, Mapping[str, Sequence[int]]], changed: Mapping[str, int], days: int) -> str:
    """Draw years of ringing days, by stream and rule; `changed` is the day of a stream's real change."""
    parts, y = [], TOP
    width = LEFT + days * DAY_WIDTH + 10
    for stream, rules in streams.items():
        parts.append(f'<text x="4" y="{y}" font-weight="bold">{escape(stream)}</text>')
        y += 6
        if stream in changed:
            x = LEFT + changed[stream] * DAY_WIDTH
            bottom = y + len(rules) * ROW
            parts.append(f'<path d="M{x:.1f} {y}V{bottom}" stroke="#888" stroke-dasharray="2 2"/>')
        for rule, rang in rules.items():
            parts.append(f'<text x="{LEFT - 8}" y="{y + 10}" text-anchor="end">{escape(rule)}</text>')
            parts.append(f'<path d="M{LEFT} {y + 6.5}h{days * DAY_WIDTH:.1f}" stroke="#ddd"/>')
            marks = "".join(f"M{LEFT + day * DAY_WIDTH:.1f} {y + 2}v9" for day in rang)
            if marks:
                parts.append(f'<path d="{marks}" stroke="#c0392b" stroke-width="1.4"/>')
            y += ROW
        y += 20
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {y}" width="{width:.0f}" '
        'font-family="sans-serif" font-size="10" fill="#333">'
        '<rect width="100%" height="100%" fill="#fff"/>'
        '<text x="4" y="14">A red mark is a day that rang; the dashed line is the day of a real change.'
        "</text>"
    )
    return head + "".join(parts) + "</svg>\n"
