"""Drawings of evidence: a column's distributions, a number over windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from meguru.base.scale import Scale, around
from meguru.base.svg import path, picture, tag
from meguru.monitoring.evidence.translation import EvidenceWords
from meguru.monitoring.evidence.types import ColumnEvidence, DistributionBin, MonitoredPoint, MonitoredSeries

WIDTH, HEIGHT = 320.0, 120.0
_FOOT, _TOP, _LEFT = 18.0, 6.0, 44.0


def distribution(column: ColumnEvidence, words: EvidenceWords) -> Markup:
    """Draw two bars a bin, as high as the share of rows that were and are in it."""
    bins = [*column.bins]
    if column.missing_then or column.missing_now:
        bins.append(DistributionBin(words.text("missing"), column.missing_then, column.missing_now))
    label = words.text("shares of rows by {column}, then and now", column=column.column)
    return picture(WIDTH, HEIGHT, label, distribution_marks(bins, words), "chart shares")


def distribution_marks(bins: Sequence[DistributionBin], words: EvidenceWords) -> Iterator[Markup]:
    """Draw the bars with their axis."""
    most = (
        max((max(distribution_bin.then, distribution_bin.now) for distribution_bin in bins), default=0.0)
        or 1.0
    )
    up = Scale(0, most, HEIGHT - _FOOT, _TOP)
    room = WIDTH / max(len(bins), 1)
    for kind, left in (("then", 0.06), ("now", 0.52)):
        bars = (_bar((n + left) * room, up(getattr(each, kind)), room * 0.42) for n, each in enumerate(bins))
        yield tag("path", {"class": kind, "d": "".join(bars)})
    boxes = [
        tag("rect", {"x": n * room, "width": room, "height": 99}, tag("title", None, _tip(each, words)))
        for n, each in enumerate(bins)
    ]
    yield tag("g", {"class": "hit"}, *boxes)
    yield tag("line", {"class": "axis", "x1": 0, "x2": WIDTH, "y1": HEIGHT - _FOOT, "y2": HEIGHT - _FOOT})
    yield from _ends(bins)


def _bar(left: float, top: float, wide: float) -> str:
    """Write a bar from the axis up; one that has no height is nothing."""
    high = HEIGHT - _FOOT - top
    return f"M{left:.1f} {top:.1f}h{wide:.1f}v{high:.1f}h-{wide:.1f}z" if high > 0 else ""


def _tip(distribution_bin: DistributionBin, words: EvidenceWords) -> str:
    return words.text(
        "{range}: {then} then, {now} now",
        range=distribution_bin.label,
        then=f"{distribution_bin.then:.1%}",
        now=f"{distribution_bin.now:.1%}",
    )


def _ends(bins: Sequence[DistributionBin]) -> Iterator[Markup]:
    """Write the names of few bins below each, of many those of the first and the last."""
    room = WIDTH / max(len(bins), 1)
    if len(bins) <= 6:
        most = max(3, int(room / 7))
        for number, each in enumerate(bins):
            at = {"x": (number + 0.5) * room, "y": HEIGHT - 4, "text-anchor": "middle"}
            yield tag("text", at, each.label if len(each.label) <= most else each.label[: most - 1] + "…")
        return
    for each, x, anchor in ((bins[0], 0.0, "start"), (bins[-1], WIDTH, "end")):
        yield tag("text", {"x": x, "y": HEIGHT - 4, "text-anchor": anchor}, each.label[:24])


def series(shown: MonitoredSeries, words: EvidenceWords) -> Markup:
    """Draw a number over windows with its interval, its threshold and what it was in training."""
    label = words.text("{what} over the last windows", what=shown.label)
    return picture(WIDTH, HEIGHT, label, series_marks(shown, words), "chart shares")


def series_marks(shown: MonitoredSeries, words: EvidenceWords) -> Iterator[Markup]:
    """Draw the line with its band, its limits and its dots."""
    points = shown.points
    across = Scale(-0.5, len(points) - 0.5, _LEFT, WIDTH - 6)
    up = around(_levels(shown), HEIGHT - _FOOT, _TOP)
    yield from _grid(up)
    for kind, level in (("frozen", shown.reference), ("rule", shown.threshold)):
        if level is not None:
            yield tag("line", {"class": kind, "x1": _LEFT, "x2": WIDTH - 6, "y1": up(level), "y2": up(level)})
    yield _band(points, across, up)
    yield tag("path", {"class": "live", "d": _line(points, across, up)})
    for number, each in enumerate(points):
        if each.value is not None:
            is_last = number == len(points) - 1
            rings = (is_last and shown.rang) or (not is_last and each.verdict == "alert")
            at = {"cx": across(number), "cy": up(each.value), "r": 4.0 if is_last else 2.4}
            tip = tag("title", None, _point_tip(each, words))
            yield tag("circle", at | {"class": "dot alert" if rings else "dot"}, tip)
    yield from _windows(points, across)


def _levels(shown: MonitoredSeries) -> Iterator[float]:
    for point in shown.points:
        yield from (value for value in (point.value, point.low, point.high) if value is not None)
    yield from (value for value in (shown.threshold, shown.reference) if value is not None)


def _grid(up: Scale) -> Iterator[Markup]:
    levels = up.ticks(3)
    for level in levels:
        at = {"x1": _LEFT, "x2": WIDTH - 6, "y1": up(level), "y2": up(level), "class": "grid"}
        yield tag("line", at)
        yield tag("text", {"x": _LEFT - 5, "y": up(level) + 4, "text-anchor": "end"}, f"{level:.4g}")


def _band(points: Sequence[MonitoredPoint], across: Scale, up: Scale) -> Markup:
    known = [(n, p.low, p.high) for n, p in enumerate(points) if p.low is not None and p.high is not None]
    if len(known) == 1:
        number, low, high = known[0]
        ends = {"x1": across(number), "x2": across(number), "y1": up(low), "y2": up(high)}
        return tag("line", ends | {"class": "live"})
    over = [(across(n), up(high)) for n, _, high in known]
    under = [(across(n), up(low)) for n, low, _ in reversed(known)]
    return tag("path", {"class": "band", "d": path([*over, *under], closed=True)})


def _line(points: Sequence[MonitoredPoint], across: Scale, up: Scale) -> str:
    pieces: list[list[tuple[float, float]]] = [[]]
    for number, each in enumerate(points):
        if each.value is None:
            pieces.append([])
        else:
            pieces[-1].append((across(number), up(each.value)))
    return " ".join(path(piece) for piece in pieces if piece)


def _point_tip(point: MonitoredPoint, words: EvidenceWords) -> str:
    value = "–" if point.value is None else f"{point.value:.4g}"
    interval = (
        f" [{point.low:.4g}, {point.high:.4g}]" if point.low is not None and point.high is not None else ""
    )
    verdict = f" · {words.text(point.verdict)}" if point.verdict else ""
    return f"{point.start:%Y-%m-%d %H:%M}: {value}{interval}{verdict}"


def _windows(points: Sequence[MonitoredPoint], across: Scale) -> Iterator[Markup]:
    shown = [(0, "start"), (len(points) - 1, "end")] if len(points) > 1 else [(0, "middle")]
    for number, anchor in shown:
        at = {"x": across(number), "y": HEIGHT - 4, "text-anchor": anchor}
        yield tag("text", at, f"{points[number].start:%Y-%m-%d}")
