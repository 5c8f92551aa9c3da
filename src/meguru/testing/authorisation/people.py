"""Principals of every role: everywhere, in one project, by a narrow token, nowhere."""

from __future__ import annotations

import msgspec

from meguru.base import refs
from meguru.governance.principals import create_principal
from meguru.governance.projects.members import grant
from meguru.governance.roles import ROLES, permissions_of
from meguru.governance.tokens import create_token
from meguru.kernel.principals import ANYBODY, covers
from meguru.kernel.workspace import Workspace

NARROW = "*:read"


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One principal and its token; `role` holds everywhere, `roles` each in one project."""

    name: str
    token: str
    role: str
    roles: dict[str, str] = {}
    scope: frozenset[str] | None = None

    def may(self, permission: str, project: str | None = None) -> bool:
        """Tell whether it holds a permission in a project (None: in every one)."""
        if permission == ANYBODY:
            return True
        if self.scope is not None and not covers(self.scope, permission):
            return False
        if covers(permissions_of(self.role), permission):
            return True
        within = self.roles.get(project) if project is not None else None
        return within is not None and covers(permissions_of(within), permission)

    def may_somewhere(self, permission: str) -> bool:
        """Tell whether it holds a permission in any project."""
        return any(self.may(permission, project) for project in (None, *self.roles))


def everybody(ws: Workspace, project: str, foreign: str) -> list[Person]:
    """Make principals of each role, everywhere and in one project alone; and some whose rights differ.

    These are an owner with a narrow token, an owner of the default project alone (where all is that is of no
    project), and an engineer of the one project who only reads in the foreign one.
    """
    found = []
    for role in ROLES:
        found.append(_person(ws, f"any-{role}", role, {}))
        if permissions_of(role):
            found.append(_person(ws, f"own-{role}", "guest", {project: role}))
    found.append(_person(ws, "narrow", "owner", {}, scope=[NARROW]))
    found.append(_person(ws, "plain-owner", "guest", {"": "owner"}))
    found.append(_person(ws, "reader-beside", "guest", {project: "engineer", foreign: "viewer"}))
    return found


def _person(
    ws: Workspace, name: str, role: str, roles: dict[str, str], *, scope: list[str] | None = None
) -> Person:
    create_principal(ws, name=name, role=role)
    for project, within in roles.items():
        grant(ws, name=project or refs.DEFAULT, principal=name, role=within)
    made = create_token(ws, principal=name, scope=scope)
    return Person(
        name=name,
        token=made.secret,
        role=role,
        roles=roles,
        scope=None if scope is None else frozenset(scope),
    )
