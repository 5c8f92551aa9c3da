"""Rows in the form in which code wants them."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from typing import Any

from meguru.modelhost.manifest import RowForm

_BY_LIBRARY: dict[str, RowForm] = {"polars": "polars", "pandas": "pandas", "numpy": "numpy"}


def as_form(rows: Any, form: RowForm) -> Any:
    """Return a polars frame, or a matrix, in a form."""
    import numpy as np

    if isinstance(rows, np.ndarray):
        return rows
    if form == "polars":
        return rows
    if form == "rows":
        return rows.to_dicts()
    if form == "numpy":
        return rows.to_numpy(order="c")
    import pandas as pd  # type: ignore[import-untyped]

    return pd.DataFrame({name: rows.get_column(name).to_numpy() for name in rows.columns})


def wanted(function: Callable[..., Any]) -> RowForm:
    """Return the form that the first argument of a function is annotated with; polars without one."""
    parameters = [name for name in _parameters(function) if name != "self"]
    try:
        kind = typing.get_type_hints(function).get(parameters[0]) if parameters else None
    except (NameError, TypeError):
        kind = None
    if kind is list or typing.get_origin(kind) is list:
        return "rows"
    library = (getattr(kind, "__module__", "") or "").partition(".")[0]
    return _BY_LIBRARY.get(library, "polars")


def _parameters(function: Callable[..., Any]) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []
