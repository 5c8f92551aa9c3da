"""Access: what the reader may do, and who else may do what; a form to give a role by a grant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from starlette.responses import Response

from meguru.base import refs
from meguru.base.names import normal
from meguru.console.forms import FormFunction, FormValues, unknown
from meguru.console.page_request import PageFunction, Visit
from meguru.governance.grants.kind import GrantSpec
from meguru.governance.grants.operations import list_grants
from meguru.governance.grants.operations import specs as grants
from meguru.governance.groups.operations import list_groups
from meguru.governance.principals import list_principals
from meguru.governance.projects.members import list_projects
from meguru.governance.roles.operations import list_roles
from meguru.governance.sign_in.spec import STORE as PROVIDERS
from meguru.governance.trusts.spec import STORE as TRUSTS
from meguru.governance.whoami import whoami
from meguru.kernel.workspace import Workspace

LIVE = "principal. group. role. grant. project. identity_provider. trust."


class _Outside(NamedTuple):
    """Who outside is believed, and what that gives."""

    ref: str
    issuer: str
    claims: str
    gives: str


def show(visit: Visit) -> Response:
    """Show the reader's rights, and the people, groups, roles and grants that the reader may see."""
    ws = visit.ws
    groups = list_groups(ws) if _reads(ws, "group") else []
    return visit.render(
        "access.html",
        me=whoami(ws),
        people=list_principals(ws) if _reads(ws, "principal") else [],
        groups=groups,
        groups_of={
            who: sorted(group.name for group in groups if who in group.present)
            for who in {name for group in groups for name in group.present}
        },
        roles=list_roles(ws) if _reads(ws, "role") else [],
        grants=list_grants(ws) if _reads(ws, "grant") else [],
        places=_places(ws),
        outside=[*_providers(ws), *_trusts(ws)],
        live=LIVE,
    )


def change(visit: Visit, given: FormValues) -> str:
    """Give a role by a grant, or take a grant away."""
    match given.get("do", ""):
        case "give":
            name = normal(given.get("name", ""))
            spec = GrantSpec(to=given.get("to", ""), role=given.get("role", ""))
            place = given.get("project", "")
            if place == "*":
                spec = GrantSpec(to=spec.to, role=spec.role, projects=["*"])
            else:
                name = refs.within(place, name)
            grants.declare(visit.ws.with_(project=""), name=name, spec=spec, expect={})
        case "take":
            grants.retire(visit.ws.with_(project=""), name=given.get("name", ""))
        case _:
            raise unknown(given, ("give", "take"))
    return "../access"


def _providers(ws: Workspace) -> list[_Outside]:
    if not _reads(ws, "identity_provider"):
        return []
    with ws.read() as tx:
        found = PROVIDERS.every(tx)
    return [
        _Outside(f"identity_provider/{name}", spec.issuer, _said(spec.require), spec.new or "–")
        for name, spec in found.items()
    ]


def _trusts(ws: Workspace) -> list[_Outside]:
    if not _reads(ws, "trust"):
        return []
    with ws.read() as tx:
        found = TRUSTS.every(tx)
    return [
        _Outside(
            f"trust/{name}",
            spec.issuer,
            _said(spec.claims),
            f"{spec.role}: {', '.join(spec.projects)} ({spec.ttl})",
        )
        for name, spec in found.items()
    ]


def _said(claims: Mapping[str, str | list[str]]) -> str:
    return ", ".join(
        f"{key} = {value if isinstance(value, str) else ' | '.join(value)}" for key, value in claims.items()
    )


def _reads(ws: Workspace, kind: str) -> bool:
    return ws.principal.projects(f"{kind}:read") != frozenset()


def _places(ws: Workspace) -> list[str]:
    """Return the projects in which the reader may give roles; ``*`` when in all."""
    may = ws.principal
    if may.projects("grant:write") == frozenset():
        return []
    known = [project.name for project in list_projects(ws.with_(project=""))]
    own = [name for name in known if may.allows("grant:write", "" if name == refs.DEFAULT else name)]
    return [*own, "*"] if may.allows("grant:write") else own


FORMS: dict[str, FormFunction] = {"/ui/access/edit": change}
PAGES: dict[str, PageFunction] = {"/ui/access": show}
