"""What checklists mean for releases: their answers are documents, and what releases tell is evidence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Connection

from meguru.base import refs
from meguru.governance.checklists import store
from meguru.governance.checklists.standing import standing_of
from meguru.governance.checklists.types import ChecklistStanding
from meguru.kernel.workspace import Workspace
from meguru.releases.resolve import ancestors, gates_of
from meguru.releases.types import ReleasePart
from meguru.serving import store as endpoints
from meguru.serving.model_user import uses as endpoint_uses
from meguru.serving.types import Endpoint

GATES = {
    "fairness_gate": {"group_fairness"},
    "metric_gate": {"metric", "champion"},
    "robustness_gate": {"invariance", "metamorphic", "golden_answers"},
}
"""Which gates, of an endpoint or added by a policy, are evidence of what."""
_EVER = datetime(9999, 1, 1, tzinfo=UTC)


def documents(tx: Connection, endpoint: str, model: str) -> list[ReleasePart]:
    """Return the answers to each checklist that its endpoint asks for or its model has answers to."""
    name, project = refs.parse(model, kind="model").name, refs.project_of(endpoint)
    asked = {
        refs.within(project, str(each.get("checklist", "")).removeprefix("checklist/"))
        for each in gates_of(tx, endpoints.get(tx, endpoint))
        if each.get("gate") == "checklist"
    }
    found = []
    for each in sorted({*asked, *store.answered_for(tx, name)}):
        spec = store.find(tx, each)
        if spec is not None:
            standing = standing_of(tx, each, spec, model, _EVER, endpoint=endpoint)
            found.append(ReleasePart(ref=standing.checklist, digest=standing.digest))
    return found


def standings(ws: Workspace, endpoint: str, model: str) -> Callable[[str], ChecklistStanding]:
    """Return what reads where a model version stands with a checklist, named as in the endpoint's project."""

    def read(said: str) -> ChecklistStanding:
        name = refs.within(refs.project_of(endpoint), said.removeprefix("checklist/"))
        with ws.read() as tx:
            return standing_of(tx, name, store.get(tx, name), model, ws.clock.now(), endpoint=endpoint)

    return read


def evidence(tx: Connection, model: str, endpoint: str) -> dict[str, list[str]]:
    """Return what releases know of a model version for checklists (`checklist evidence`)."""
    name = refs.parse(model, kind="model").name
    data = [ref for ref in ancestors(tx, model) if refs.parse(ref).kind == "dataset"]
    found: dict[str, list[str]] = {"data": data}
    for each in _serving(tx, name, endpoint):
        declared = {str(gate.get("gate")) for gate in gates_of(tx, each)}
        for kind, gates in GATES.items():
            if declared & gates:
                found.setdefault(kind, []).append(refs.make("endpoint", each.name))
    return found


def _serving(tx: Connection, model: str, endpoint: str) -> list[Endpoint]:
    """Return the endpoint, or all that serve versions of a model."""
    if endpoint:
        return [endpoints.get(tx, endpoint)]
    serving = {refs.parse(use.ref).name for use in endpoint_uses(tx, model) if use.how == "serves"}
    return endpoints.find_many(tx, sorted(serving))
