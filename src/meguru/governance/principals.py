"""Make and list principals."""

from meguru.base.names import check_name
from meguru.errors import Conflict, InvalidInput
from meguru.governance import store
from meguru.governance.roles import permissions_of
from meguru.governance.types import PrincipalRecord
from meguru.runtime.operations import Context, operation

KINDS = ("user", "service")


@operation("principal.create", permission="principal:write")
def create_principal(ctx: Context, *, name: str, role: str = "viewer", kind: str = "user") -> PrincipalRecord:
    """Add a person or a service, with a role."""
    check_name("principal", name)
    permissions_of(role)
    if kind not in KINDS:
        raise InvalidInput(f"a principal can't be a {kind!r}", hint=f"use {' or '.join(KINDS)}", field="kind")
    if store.find_principal(ctx.tx, name):
        raise Conflict(f"there is a principal {name!r} already", where=f"principal/{name}")
    record = PrincipalRecord(name=name, kind=kind, role=role, created_at=ctx.now())
    store.add_principal(ctx.tx, record)
    ctx.emit("principal.created", f"principal/{name}", data={"role": role, "kind": kind})
    return record


@operation("principal.list", permission="principal:read", query=True)
def list_principals(ctx: Context) -> list[PrincipalRecord]:
    """List everybody who may act here."""
    return store.list_principals(ctx.tx)
