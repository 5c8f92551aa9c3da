"""Make and list principals."""

import re

from meguru.errors import Conflict, InvalidInput
from meguru.governance import store
from meguru.governance.kind import PRINCIPAL, PrincipalSpec
from meguru.governance.types import PrincipalRecord
from meguru.kernel import declarations
from meguru.kernel.operations import Context, operation

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}")


@operation("principal.create", permission="principal:write")
def create_principal(
    ctx: Context, *, name: str, role: str = "viewer", kind: str = "user", person: str = ""
) -> PrincipalRecord:
    """Add a person or a service, with a role; `person` says whose account it is, if they have others."""
    check_principal_name(name)
    principal = store.find_principal(ctx.tx, name)
    if principal is not None and not principal.disabled:
        raise Conflict(f"there is a principal {name!r} already", where=f"principal/{name}")
    return _declared(ctx, name, PrincipalSpec(role=role, kind=kind, person=person))


@operation("principal.set_role", permission="principal:write", on="name")
def set_role(ctx: Context, *, name: str, role: str) -> PrincipalRecord:
    """Give a principal another role in all projects, as of its next request.

    Raises
    ------
    Conflict
        If it is the last owner, who would be none any more.
    """
    principal = store.get_principal(ctx.tx, name)
    return _declared(
        ctx, principal.name, PrincipalSpec(role=role, kind=principal.kind, person=principal.person)
    )


def _declared(ctx: Context, name: str, spec: PrincipalSpec) -> PrincipalRecord:
    declarations.declare(ctx, PRINCIPAL, name, spec)
    return store.get_principal(ctx.tx, name)


def principal_name_in(text: str) -> str:
    """Return the name that a person gets who is called `text` elsewhere; empty if there is none.

    Of an e-mail address it is what stands before the ``@``.
    """
    plain = re.sub("[^a-z0-9_.-]+", "-", text.partition("@")[0].casefold()).strip("-._")[:100]
    return plain if _NAME.fullmatch(plain) else ""


def check_principal_name(name: str) -> None:
    """Refuse what can't name a principal."""
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
