"""Filters by project: of names, and of rows by the name in a column."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

from sqlalchemy import ColumnElement, String, false, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from meguru.base import refs


def in_projects(projects: AbstractSet[str] | None, name: str) -> bool:
    """Tell whether a name is of one of these projects; None stands for all."""
    return projects is None or refs.project_of(name) in projects


class _ProjectOf(FunctionElement[str]):
    """What stands before the slash of a name; empty where there is none."""

    name = "project_of"
    type = String()
    inherit_cache = True


@compiles(_ProjectOf)
def _spelled(element: _ProjectOf, compiler: Any, **more: Any) -> str:
    (column,) = element.clauses
    text = compiler.process(column, **more)
    find = "instr" if compiler.dialect.name == "sqlite" else "strpos"
    # Not by LIKE, which takes Team for team on SQLite.
    return f"substr({text}, 1, CASE {find}({text}, '/') WHEN 0 THEN 0 ELSE {find}({text}, '/') - 1 END)"


def condition(column: ColumnElement[Any], projects: AbstractSet[str] | None) -> ColumnElement[bool]:
    """Return SQL for: the name in this column is of one of these projects; None stands for all.

    It is the same statement for any number of projects, so that it is written once however many one sees.
    """
    if projects is None:
        return true()
    return _ProjectOf(column).in_(sorted(projects)) if projects else false()
