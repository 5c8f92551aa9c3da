"""Whether somebody may decide about a release: now, and by which right."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from meguru.base import refs
from meguru.governance import store
from meguru.governance.rights import EVERYWHERE, AccessTable, groups_of, holdings, rights_of
from meguru.governance.standing import with_rights
from meguru.governance.types import PrincipalRecord

APPROVE = "release:approve"


class Reviewers:
    """Answers who may decide about the releases of an endpoint, by what is declared now.

    What a sign-in said of somebody counts as it did when they decided: who is not signed in at the moment
    keeps the rights that they had by it.
    """

    def __init__(self, tx: Connection, table: AccessTable, endpoint: str) -> None:
        self._tx, self._table, self._project = tx, table, refs.project_of(endpoint)
        # All of one moment of the database, so each is asked once: of a decision its own fault and each stage
        # ask the same.
        self._accounts: dict[str, PrincipalRecord | None] = {}
        self._answers: dict[tuple[str, str, datetime], bool] = {}

    def fault(self, name: str, at: datetime) -> str:
        """Return why somebody may decide nothing; empty if they may."""
        principal = self._account(name)
        if principal is None or principal.kind != "user":
            return f"{name} is no person's account"
        if principal.disabled:
            return f"{name} was shut out"
        return "" if self.holds(principal, APPROVE, at) else f"{name} lacks {APPROVE!r}"

    def may(self, name: str, right: str, at: datetime) -> bool:
        """Tell whether somebody holds what a stage asks for: a permission, or to be of a group or a role."""
        principal = self._account(name)
        return principal is not None and not principal.disabled and self.holds(principal, right, at)

    def holds(self, who: PrincipalRecord, right: str, at: datetime) -> bool:
        """Tell whether an account holds a right where the endpoint is."""
        key = who.name, right, at
        if key not in self._answers:
            self._answers[key] = self._holds(who, right, at)
        return self._answers[key]

    def _account(self, name: str) -> PrincipalRecord | None:
        if name not in self._accounts:
            self._accounts[name] = store.find_principal(self._tx, name)
        return self._accounts[name]

    def _holds(self, who: PrincipalRecord, right: str, at: datetime) -> bool:
        kind, slash, name = right.partition("/")
        if slash and kind == "group":
            return name in groups_of(self._tx, who.name, self._table, at)
        if slash and kind == "role":
            places = {EVERYWHERE, self._project}
            held = holdings(self._tx, who, self._table, at)
            return any(holding.role == name and holding.project in places for holding in held)
        rights = rights_of(self._tx, who, self._table, at)
        return with_rights(who, rights).allows(right, self._project)
