"""The specs of principals: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import msgspec
from sqlalchemy import Connection

from meguru.errors import InvalidInput
from meguru.governance import store
from meguru.governance.kind import PrincipalSpec
from meguru.governance.owners import changing_rights, check_held
from meguru.governance.principals import check_principal_name
from meguru.governance.rights import EVERYWHERE, TRUSTED, AccessTable, read_table
from meguru.governance.roles.show import check_role
from meguru.governance.types import PrincipalRecord
from meguru.kernel.declarations import StillNamed
from meguru.kernel.operations import Context
from meguru.kernel.projects.store import forget_member

KINDS = ("user", "service")
MAX_PERSON = 200


def find(tx: Connection, name: str) -> PrincipalSpec | None:
    """Return the present spec; None if there is no such principal, or it was shut out."""
    principal = store.find_principal(tx, name)
    return None if principal is None or principal.disabled else _spec(principal)


def _spec(found: PrincipalRecord) -> PrincipalSpec:
    return PrincipalSpec(role=found.role, kind=found.kind, person=found.person)


def names(tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
    """Return the names of all that people declare: principals are of the whole workspace.

    A trust keeps its own one: who declares the trust, elsewhere too, has it.
    """
    del projects
    found = [who.name for who in store.list_principals(tx) if not who.disabled]
    return [name for name in found if not name.startswith(TRUSTED)]


def check(ctx: Context, name: str, spec: PrincipalSpec) -> PrincipalSpec:
    """Return the spec as it is; refuse a role that there is not, or that gives more than its giver has."""
    before = find(ctx.tx, name)
    if before is None:
        check_principal_name(name)
    if spec.kind not in KINDS:
        hint = f"use {' or '.join(KINDS)}"
        raise InvalidInput(f"a principal can't be a {spec.kind!r}", hint=hint, field="kind")
    spec = msgspec.structs.replace(spec, person=_person(spec))
    table = read_table(ctx.tx)
    if before is None:
        _check_unnamed(table, name)
    check_role(table, spec.role)
    if before is None or before.role != spec.role:
        check_held(ctx, table.permissions(spec.role), EVERYWHERE, f"the role {spec.role}")
    return spec


def _check_unnamed(table: AccessTable, name: str) -> None:
    """Refuse the name of somebody who was shut out while grants or groups would give it their rights."""
    found = [f"grant/{each}" for each, grant in table.grant.items() if grant.to == f"principal/{name}"]
    found += [f"group/{each}" for each, group in table.group.items() if name in group.members]
    if found:
        refused = StillNamed(
            f"{name} would get the rights of somebody who was shut out",
            why=f"{', '.join(found[:5])} still {'name' if len(found) > 1 else 'names'} principal/{name}",
            hint="take the name out there first, or use another one",
            field="name",
        )
        refused.refs = tuple(found)
        raise refused


def _person(spec: PrincipalSpec) -> str:
    """Return whose account it is; refuse what names nobody."""
    said = spec.person.strip().casefold()
    if said and spec.kind != "user":
        raise InvalidInput("a service is nobody's account", field="person")
    if len(said) > MAX_PERSON or any(each.isspace() for each in said):
        hint = "the name of another account of theirs, or their e-mail address"
        raise InvalidInput(f"{said[:60]!r} names no person", field="person", hint=hint)
    return said


def uses(name: str, spec: PrincipalSpec) -> list[str]:
    """Return the role, where it is one that is declared or built in: both have a reference."""
    del name
    return [f"role/{spec.role}"]


def save(ctx: Context, name: str, spec: PrincipalSpec) -> None:
    """Write the spec."""
    record = PrincipalRecord(
        name=name, kind=spec.kind, role=spec.role, created_at=ctx.now(), person=spec.person
    )
    with changing_rights(ctx):
        store.put_principal(ctx.tx, record)


def retire(ctx: Context, name: str) -> None:
    """Shut a principal out: what it did stays, and it does nothing more.

    Its tokens and its roles in projects go: whoever is called so later does not get them. Grants and groups
    that name it stay as they are declared, and nobody gets the name while they do.
    """
    principal = store.get_principal(ctx.tx, name)
    with changing_rights(ctx):
        store.revoke_all(ctx.tx, name, ctx.now())
        forget_member(ctx.tx, name)
        store.put_principal(
            ctx.tx,
            msgspec.structs.replace(principal, name=name, disabled=True),
        )
