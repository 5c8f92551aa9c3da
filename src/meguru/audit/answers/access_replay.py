"""Who might do what at a moment, put together from what the log says of roles, groups, grants and tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from meguru.audit.answers.entries import of_types
from meguru.audit.answers.types import HeldRole
from meguru.base import durations, refs
from meguru.governance.grants.kind import GrantSpec
from meguru.governance.groups.kind import GroupSpec
from meguru.governance.kind import PrincipalSpec
from meguru.governance.rights import EVERYWHERE, TRUSTED, AccessTable, is_member, projects_of
from meguru.governance.roles.kind import RoleSpec
from meguru.governance.schema import identity
from meguru.governance.sign_in.kind import IdentityProviderSpec
from meguru.governance.trusts.kind import TrustSpec
from meguru.kernel.event import Event

_SPECS: dict[str, Any] = {
    "role": RoleSpec,
    "group": GroupSpec,
    "grant": GrantSpec,
    "trust": TrustSpec,
    "principal": PrincipalSpec,
    "identity_provider": IdentityProviderSpec,
}


class ReplayedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token as the log tells of it."""

    id: str
    principal: str
    scope: frozenset[str]
    until: datetime


class AccessReplay:
    """What held after the entries up to a moment.

    Attributes
    ----------
    specs
        By kind and name, what was declared.
    members
        By project and principal, the role there.
    tokens
        By id, those that were valid: neither revoked nor expired.
    seq
        The last entry that counted.
    """

    def __init__(self, tx: Connection, at: datetime) -> None:
        self.at, self.seq = at, 0
        self.specs: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in _SPECS}
        self.members: dict[tuple[str, str], str] = {}
        self.tokens: dict[str, ReplayedToken] = {}
        # Replayed event by event: tables hold what is in force now, and the log is the only record of what
        # was.
        for event in of_types(tx, [*_DECLARED, *_TOLD], at):
            self.seq = event.seq
            if event.type in _TOLD:
                _TOLD[event.type](self, event)
            else:
                self._declare(event)
        self._claims = _claims(tx)

    def _declare(self, event: Event) -> None:
        kind, _, verb = event.type.partition(".")
        here, name = self.specs[kind], refs.parse(event.subject).name
        if verb == "created":
            here[name] = dict(event.data)
        elif verb == "updated":
            after = {field: step.get("after") for field, step in event.data.get("changes", {}).items()}
            here[name] = here.get(name, {}) | after
        else:
            here.pop(name, None)
            # As `principal_spec.retire` does: its tokens and its roles in projects go with it.
            if kind == "principal":
                self.members = {key: role for key, role in self.members.items() if key[1] != name}
                self.tokens = {key: each for key, each in self.tokens.items() if each.principal != name}

    def table(self) -> AccessTable:
        """Return the roles, groups, grants and trusts that held."""
        found: dict[str, dict[str, Any]] = {
            kind: {name: _read(kind, spec) for name, spec in self.specs[kind].items()}
            for kind in ("role", "group", "grant", "trust")
        }
        return AccessTable(**found)

    def principals(self) -> dict[str, PrincipalSpec]:
        """Return who might act, and as what; a trust stands for whoever it takes."""
        found = {name: _read("principal", spec) for name, spec in sorted(self.specs["principal"].items())}
        trusts = {
            f"{TRUSTED}{name}": PrincipalSpec(role="guest", kind="trust") for name in self.specs["trust"]
        }
        return found | trusts

    def roles_of(self, name: str, who: PrincipalSpec, table: AccessTable) -> Iterator[HeldRole]:
        """Give every role that somebody had."""
        yield HeldRole(role=who.role, project=EVERYWHERE, via="")
        for (project, member), role in self.members.items():
            if member == name:
                yield HeldRole(role=role, project=project, via=f"project/{project or refs.DEFAULT}")
        trust = table.trust.get(name.removeprefix(TRUSTED)) if name.startswith(TRUSTED) else None
        if trust is not None:
            via = f"trust/{name.removeprefix(TRUSTED)}"
            for each in trust.projects:
                yield HeldRole(role=trust.role, project="" if each == refs.DEFAULT else each, via=via)
        mine = {f"principal/{name}", *(f"group/{each}" for each in self._groups_of(name, table))}
        for grant, spec in table.grant.items():
            if spec.to in mine:
                via = spec.to if spec.to.startswith("group/") else f"grant/{grant}"
                for project in projects_of(grant, spec):
                    yield HeldRole(role=spec.role, project=project, via=via)

    def valid_tokens(self, name: str) -> list[ReplayedToken]:
        """Return the tokens of somebody that were valid."""
        return [token for token in self.tokens.values() if token.principal == name]

    def add_token(self, token: ReplayedToken) -> None:
        """Take a token in, unless it is over by then: CI gets one for each of its jobs, for some minutes."""
        if token.until > self.at:
            self.tokens[token.id] = token

    def untold(self, table: AccessTable) -> list[str]:
        """Return, in sentences, whose membership in groups nobody can know any more."""
        by_claims = sorted(name for name, group in table.group.items() if group.claims)
        later = sorted({name for name, _, seen, _ in self._claims if seen > self.at})
        if not by_claims or not later:
            return []
        whom = ", ".join(later[:20])
        which = ", ".join(f"group/{each}" for each in by_claims[:20])
        return [f"what their provider said of {whom} then is not kept: they may have been in {which}"]

    def _groups_of(self, name: str, table: AccessTable) -> list[str]:
        claims = [
            claims for who, claims, seen, until in self._claims if who == name and seen <= self.at < until
        ]
        return [group for group, spec in table.group.items() if is_member(spec, name, claims)]


def _member_set(then: AccessReplay, event: Event) -> None:
    project = refs.parse(event.subject).name
    place = "" if project == refs.DEFAULT else project
    then.members[place, event.data["principal"]] = event.data["role"]


def _member_removed(then: AccessReplay, event: Event) -> None:
    project = refs.parse(event.subject).name
    then.members.pop(("" if project == refs.DEFAULT else project, event.data["principal"]), None)


def _token(then: AccessReplay, event: Event, lasts: timedelta, scope: list[str]) -> None:
    name = refs.parse(event.subject).name
    then.add_token(
        ReplayedToken(
            id=name, principal=event.data["principal"], scope=frozenset(scope), until=event.at + lasts
        )
    )


def _signed_in(then: AccessReplay, event: Event) -> None:
    spec = then.specs["identity_provider"].get(str(event.data.get("provider")), {})
    lasts = durations.length(spec.get("session", "12h"), field="session")
    name = str(event.data.get("token", "")).removeprefix("token/")
    then.add_token(
        ReplayedToken(
            id=name,
            principal=refs.parse(event.subject).name,
            scope=frozenset({"*"}),
            until=event.at + timedelta(seconds=lasts),
        )
    )


_DECLARED = [f"{kind}.{verb}" for kind in _SPECS for verb in ("created", "updated", "retired")]
_TOLD: dict[str, Callable[[AccessReplay, Event], object]] = {
    "project.member_set": _member_set,
    "project.member_removed": _member_removed,
    "token.created": lambda then, event: _token(
        then, event, timedelta(days=event.data["days"]), event.data["scope"]
    ),
    "token.issued": lambda then, event: _token(
        then, event, timedelta(seconds=event.data["seconds"]), event.data.get("scope", ["*"])
    ),
    "token.revoked": lambda then, event: then.tokens.pop(refs.parse(event.subject).name, None),
    "principal.signed_in": _signed_in,
}


def _read(kind: str, spec: dict[str, Any]) -> Any:
    known = set(_SPECS[kind].__struct_fields__)
    # A field that there is no more, of an older version, says nothing now.
    return msgspec.convert({field: value for field, value in spec.items() if field in known}, _SPECS[kind])


def _claims(tx: Connection) -> list[tuple[str, dict[str, Any], datetime, datetime]]:
    columns = identity.c.principal, identity.c.claims, identity.c.seen_at, identity.c.claims_until
    return [(row[0], row[1], row[2], row[3]) for row in tx.execute(select(*columns))]
