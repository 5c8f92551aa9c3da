"""Names of registered models: flat for MLflow's clients, and with their project in the registry.

A client that works in the project ``team`` says ``churn`` and reads ``churn``; the registry's name is
``team/churn``. In the default project both are the same, and what has a slash is no model's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from meguru.base import refs
from meguru.base.names import normal
from meguru.kernel.workspace import Workspace
from meguru.mlflow.protocol.calls import RequestArguments, not_found
from meguru.tracking.search import grammar


def named(ws: Workspace, given: RequestArguments, *, versioned: bool = False) -> str:
    """Return the registry's name of the model that a call is about, in the spelling that is kept.

    Raises
    ------
    Refusal
        If it can be no model's name here, in the words for one that there is not.
    """
    name = normal(given.required("name"))
    if "/" in name and versioned:
        raise not_found(
            f"Model Version (name={name[:300]}, version={given.required('version')[:20]}) not found"
        )
    if "/" in name:
        raise not_found(f"Registered Model with name={name[:300]} not found")
    return refs.within(ws.home, name)


def own_name(name: str) -> str:
    """Return a model's name as the clients of its project know it."""
    return name.partition("/")[2] or name


def is_here(name: str, project: str) -> bool:
    """Tell whether the registry's name is that of a project's model."""
    return refs.project_of(name) == project


def in_registry(clauses: Sequence[grammar.Clause], project: str) -> list[grammar.Clause]:
    """Return comparisons with names as comparisons with those of the registry."""
    if not project:
        return list(clauses)
    return [_prefixed(clause, project) if _is_of_name(clause) else clause for clause in clauses]


def _is_of_name(clause: grammar.Clause) -> bool:
    return clause.kind == "attribute" and clause.key == "name"


def _prefixed(clause: grammar.Clause, project: str) -> grammar.Clause:
    value = clause.value
    if isinstance(value, str):
        return replace(clause, value=f"{project}/{value}")
    if isinstance(value, tuple):
        return replace(clause, value=tuple(f"{project}/{each}" for each in value))
    return clause
