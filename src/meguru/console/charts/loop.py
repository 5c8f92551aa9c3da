"""The loop that everything goes round: data, train, model, live, watch, decide; each with its light."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from markupsafe import Markup

from meguru.base.svg import tag

WIDTH, HEIGHT = 960, 176
UPPER, LOWER = 26, 150
PLACES = ((150, UPPER), (370, UPPER), (590, UPPER), (810, UPPER), (660, LOWER), (300, LOWER))
TRACK = f"M90 {UPPER}H870A62 62 0 0 1 870 {LOWER}H90A62 62 0 0 1 90 {UPPER}Z"
ARROWS = ((260, UPPER, 1), (480, UPPER, 1), (700, UPPER, 1), (480, LOWER, -1))


class Station(msgspec.Struct, frozen=True, kw_only=True):
    """One station: its name, what is there now, and the tone of its light."""

    name: str
    detail: str
    tone: str
    url: str


def loop(stations: Sequence[Station], label: str) -> Markup:
    """Draw the six stations in the order of the loop."""
    drawn = [tag("path", {"class": "track", "d": TRACK})]
    drawn += [
        tag("path", {"class": "arrow", "d": f"M{x - 4 * way} {y - 5}l{6 * way} 5l{-6 * way} 5"})
        for x, y, way in ARROWS
    ]
    drawn += [_station(each, x, y) for each, (x, y) in zip(stations, PLACES, strict=True)]
    about = {"viewBox": f"0 0 {WIDTH} {HEIGHT}", "role": "group", "aria-label": label}
    return tag("svg", about, *drawn)


def _station(station: Station, x: int, y: int) -> Markup:
    first, second = (y + 27, y + 43) if y == UPPER else (y - 34, y - 18)
    return tag(
        "a",
        {"href": station.url},
        tag("circle", {"class": f"station {station.tone}", "cx": x, "cy": y, "r": 11}),
        tag("circle", {"class": f"core {station.tone}", "cx": x, "cy": y, "r": 5}),
        tag("text", {"class": "strong name", "x": x, "y": first, "text-anchor": "middle"}, station.name),
        tag("text", {"x": x, "y": second, "text-anchor": "middle", "class": "detail"}, station.detail),
    )
