"""Elements of SVG, escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup, escape


def tag(name: str, attributes: dict[str, Any] | None = None, *children: str | Markup) -> Markup:
    """Write one element; numbers are rounded to a tenth, attributes that are None left out."""
    given = "".join(
        f' {key}="{escape(_short(value))}"' for key, value in (attributes or {}).items() if value is not None
    )
    inside = "".join(str(escape(child)) for child in children)
    return Markup(f"<{name}{given}>{inside}</{name}>" if inside else f"<{name}{given}/>")  # noqa: S704 - escaped


def picture(
    width: float,
    height: float,
    label: str,
    children: Iterable[Markup],
    kind: str = "chart",
    *,
    role: str = "img",
    data: Mapping[str, Any] | None = None,
) -> Markup:
    """Write a whole drawing; `label` says in words what it shows.

    One whose marks can be reached by the keyboard has the role ``group``: a picture has no parts.
    """
    about = {"class": kind, "viewBox": f"0 0 {_short(width)} {_short(height)}", "role": role}
    return tag("svg", about | {"aria-label": label} | dict(data or {}), *children)


def ornament(width: float, height: float, children: Iterable[Markup], kind: str = "chart") -> Markup:
    """Write a drawing that says nothing that is not written beside it."""
    about = {"class": kind, "viewBox": f"0 0 {_short(width)} {_short(height)}", "aria-hidden": "true"}
    return tag("svg", about, *children)


def mark(tip: str, *, is_first: bool = False) -> dict[str, Any]:
    """Return the attributes of a mark with a card: the first is reached by Tab, the others by arrows."""
    words = " · ".join(line for line in tip.split("\n") if line)
    return {"data-tip": tip, "tabindex": 0 if is_first else -1, "role": "img", "aria-label": words}


def path(points: Iterable[tuple[float, float]], *, closed: bool = False) -> str:
    """Write the commands of a polyline."""
    steps = " ".join(f"{'L' if n else 'M'}{_short(x)} {_short(y)}" for n, (x, y) in enumerate(points))
    return steps + ("Z" if closed and steps else "")


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return str(value)
