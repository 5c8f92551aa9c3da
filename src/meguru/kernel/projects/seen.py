"""Which things are seen from a project."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

from sqlalchemy import ColumnElement, false, func, not_, or_, true

from meguru.base import refs


def seen(projects: AbstractSet[str] | None, name: str) -> bool:
    """Tell whether a name is of one of these projects; None stands for all."""
    return projects is None or refs.project_of(name) in projects


def condition(column: ColumnElement[Any], projects: AbstractSet[str] | None) -> ColumnElement[bool]:
    """Return SQL for: the name in this column is of one of these projects; None stands for all."""
    if projects is None:
        return true()
    # Not by LIKE, which takes Team for team on SQLite.
    parts = [
        func.substr(column, 1, len(project) + 1) == f"{project}/" if project else not_(column.contains("/"))
        for project in sorted(projects)
    ]
    return or_(*parts) if parts else false()
