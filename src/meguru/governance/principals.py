"""Make and list principals."""

import re

from meguru.errors import Conflict, InvalidInput
from meguru.governance import store
from meguru.governance.roles import permissions_of
from meguru.governance.types import PrincipalRecord
from meguru.kernel.operations import Context, operation

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}")
KINDS = ("user", "service")


@operation("principal.create", permission="principal:write")
def create_principal(ctx: Context, *, name: str, role: str = "viewer", kind: str = "user") -> PrincipalRecord:
    """Add a person or a service, with a role."""
    _check_name(name)
    permissions_of(role)
    if kind not in KINDS:
        raise InvalidInput(f"a principal can't be a {kind!r}", hint=f"use {' or '.join(KINDS)}", field="kind")
    if store.find_principal(ctx.tx, name):
        raise Conflict(f"there is a principal {name!r} already", where=f"principal/{name}")
    record = PrincipalRecord(name=name, kind=kind, role=role, created_at=ctx.now())
    store.add_principal(ctx.tx, record)
    ctx.emit("principal.created", f"principal/{name}", data={"role": role, "kind": kind})
    return record


def _check_name(name: str) -> None:
    # No other scripts and no capitals: nobody may look like somebody else where people approve things.
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f"{name[:120]!r} can't name a principal",
            why="a principal's name is 1 to 100 of a-z 0-9 - _ . with a letter or digit first",
            field="name",
        )


@operation("principal.list", permission="principal:read", query=True)
def list_principals(ctx: Context) -> list[PrincipalRecord]:
    """List everybody who may act here."""
    return store.list_principals(ctx.tx)
