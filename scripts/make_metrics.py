"""The reference page of metrics, from their docstrings and what they say of themselves."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Iterator

from meguru.metrics import METRICS, Metric

INTRODUCTION = """\
A metric is asked for by its name: `Model(measures=["f1"])`, `{"gate": "metric", "metric": "f1", …}`. What
follows `@` is its parameter: `ndcg@10`, `recall@late`. Each has an interval and a paired difference of two
models on the same rows, both with weights, and with blocks of rows that depend on each other; values are
those of scikit-learn to twelve digits where it has the metric.
"""


def metrics(note: str) -> str:
    """Every metric: what it is for, its formula, and who says so."""
    kinds: list[type[Metric]] = [METRICS.load(name) for name in METRICS.names()]
    rows = "".join(map(_row, kinds))
    table = f"| name | what it is | better | tasks |\n|---|---|---|---|\n{rows}"
    return f"# Metrics\n\n{note}{INTRODUCTION}\n{table}" + "".join(map(_section, kinds))


def _row(kind: type[Metric]) -> str:
    tasks = ", ".join(sorted(kind.tasks))
    return f"| [`{kind.key}`](#{kind.key}) | {kind.title} | {kind.better} | {tasks} |\n"


def _section(kind: type[Metric]) -> str:
    span = f"from {_bound(kind.low)} to {_bound(kind.high)}"
    unit = getattr(kind, "measured_in", "") or "its own"
    named = f"`{kind.key}@{kind.parameter.upper()}`" if kind.parameter else f"`{kind.key}`"
    text = "".join(_lines(inspect.cleandoc(kind.__doc__ or "")))
    return f"\n## {kind.key}\n\n{named} · {kind.title} · {span} · unit: {unit}\n\n{text.rstrip()}\n"


def _bound(value: float) -> str:
    return f"{value:g}" if math.isfinite(value) else "any"


def _lines(docstring: str) -> Iterator[str]:
    """Yield numpydoc as Markdown: formulas as such, papers as a list."""
    for part in re.split(r"\n\n+", docstring):
        if part.startswith(("Attributes\n---", "Parameters\n---")):
            return
        body = re.sub(r"^(Notes|References)\n-+\n", "", part)
        if part.startswith("References\n"):
            papers = re.sub(r"\n(?!- )", "\n  ", re.sub(r"\n(?=\S[^\n]*\(\d{4}\))", "\n- ", body))
            yield f"- {papers}\n"
        elif body.startswith(".. math::"):
            formula = " ".join(line.strip() for line in body.removeprefix(".. math::").splitlines())
            yield f"```math\n{formula.strip()}\n```\n\n"
        else:
            yield re.sub(r":math:`([^`]+)`", r"$\1$", body).replace("``", "`") + "\n\n"
