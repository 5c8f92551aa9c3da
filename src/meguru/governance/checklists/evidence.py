"""What of the records answers an item by itself."""

from __future__ import annotations

from sqlalchemy import Connection

from meguru.kernel.kinds import provided

FAMILY = "checklist evidence"
"""Kinds that have some: ``f(tx, model, endpoint) -> dict[str, list[str]]``, of a model version's reference
and an endpoint's name (empty: any that serves it), references by the kind of evidence."""
EVIDENCE = {
    "card": "a model card with its own words",
    "data": "the dataset versions that it was made from",
    "fairness_gate": "a gate by groups that every release has to pass",
    "log": "the event log, which nobody can change unseen",
    "metric_gate": "a gate on a metric that every release has to pass",
    "monitor": "a monitor of an endpoint that serves it",
    "owner": "an owner named with the model",
    "robustness_gate": "a gate of robustness, invariance or stress that every release has to pass",
}


def evidence_of(tx: Connection, model: str, endpoint: str) -> dict[str, list[str]]:
    """Return what is found of each kind of evidence for a model version."""
    family, found = provided(FAMILY), dict[str, list[str]]()
    for kind in family.names():
        for name, refs in family.load(kind)(tx, model, endpoint).items():
            found.setdefault(name, []).extend(refs)
    return found
