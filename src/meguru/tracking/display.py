"""How a run looks in a prompt and in a cell of a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from meguru.base.text import gettext as _
from meguru.tracking.types import Run

MAX_IN_LINE, MAX_IN_CARD = 4, 20
_LABEL = "text-align:left;padding:0 1em 0 0;font-weight:normal;opacity:.7"
MetricValues = Mapping[str, float | None]


def line(run: Run, metrics: MetricValues, url: str) -> str:
    """Return a run as one line of text."""
    shown = [f"{key}={_number(value)}" for key, value in list(metrics.items())[:MAX_IN_LINE]]
    shown += ["…"] if len(metrics) > MAX_IN_LINE else []
    parts = [f"{run.name or run.id} {run.state}", run.experiment, " ".join(shown), url or run.ref]
    return f"<meguru run {' · '.join(part for part in parts if part)}>"


def card(run: Run, metrics: MetricValues, url: str) -> str:
    """Return a run as a small table of HTML; everything that was given is escaped."""
    title = escape(run.name or run.id)
    rows = [(_("state"), run.state), (_("experiment"), run.experiment), (_("run"), run.ref)]
    rows += [(key, _number(value)) for key, value in list(metrics.items())[:MAX_IN_CARD]]
    if len(metrics) > MAX_IN_CARD:
        rows.append(("…", str(len(metrics) - MAX_IN_CARD)))
    body = "".join(
        f'<tr><th scope="row" style="{_LABEL}">{escape(key)}</th><td>{escape(value)}</td></tr>'
        for key, value in rows
    )
    link = f'<a href="{escape(url)}" target="_blank" rel="noopener">{title}</a>' if url else title
    return f"<div><strong>{link}</strong><table>{body}</table></div>"


def _number(value: float | None) -> str:
    return "nan" if value is None else f"{value:.6g}"
