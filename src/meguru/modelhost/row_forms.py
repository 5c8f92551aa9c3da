"""Rows in the form in which code wants them."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from typing import Any

from meguru.flavors.trained_frame import TrainedFrame
from meguru.modelhost.manifest import RowForm

_BY_LIBRARY: dict[str, RowForm] = {"polars": "polars", "pandas": "pandas", "numpy": "numpy"}


def as_form(rows: Any, form: RowForm, trained: TrainedFrame | None) -> Any:
    """Return a polars frame in a form; `trained` is the frame that the author of the model gave.

    What was sent as columns stays so.
    """
    if form == "columns":
        return rows
    if form == "rows":
        return rows.to_dicts()
    if form == "numpy" or (form == "trained" and trained is None):
        return rows.to_numpy(order="c")
    if form == "trained" and trained is not None:
        return trained.of(rows)
    return TrainedFrame(kind="pandas").of(rows) if form == "pandas" else rows


def wanted(function: Callable[..., Any]) -> RowForm:
    """Return the form that the first argument of a function is annotated with."""
    parameters = [name for name in _parameters(function) if name != "self"]
    try:
        kind = typing.get_type_hints(function).get(parameters[0]) if parameters else None
    except (AttributeError, NameError, SyntaxError, TypeError):  # an annotation is any text of the author's
        kind = None
    if kind is list or typing.get_origin(kind) is list:
        return "rows"
    library = (getattr(kind, "__module__", "") or "").partition(".")[0]
    return _BY_LIBRARY.get(library, "trained")


def _parameters(function: Callable[..., Any]) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []
