"""The people of the example, and what each may do."""

from __future__ import annotations

from meguru.errors import NotFound
from meguru.governance.grants.kind import GrantSpec
from meguru.governance.grants.operations import specs as grants
from meguru.governance.principals import create_principal
from meguru.governance.roles.kind import RoleSpec
from meguru.governance.roles.operations import specs as roles
from meguru.governance.standing import standing
from meguru.kernel.workspace import Workspace

ADA, GRACE, IVO = "ada", "grace", "ivo"
"""Who makes the model; who answers for risk, and may waive; who approves releases."""
RISK, REVIEWER = "risk", "reviewer"
_ROLES = {
    RISK: ["*:read", "waiver:grant", "waiver:revoke", "checklist:answer"],
    REVIEWER: ["*:read", "release:approve"],
}


def hire(ws: Workspace) -> None:
    """Add the people with their roles; ada may waive too, but not what she made."""
    for role, allowed in _ROLES.items():
        roles.declare(ws, name=role, spec=RoleSpec(allow=allowed))
    for name, role in ((ADA, "engineer"), (GRACE, RISK), (IVO, REVIEWER)):
        create_principal(ws, name=name, role=role)
    grants.declare(ws, name="deputy", spec=GrantSpec(to=f"principal/{ADA}", role=RISK, projects=["*"]))


def as_(ws: Workspace, name: str) -> Workspace:
    """Return the workspace as one of them works in it."""
    with ws.read() as tx:
        principal = standing(tx, name, ws.clock.now())
    if principal is None:
        raise NotFound.of("principal", name)
    return ws.with_(principal=principal)
