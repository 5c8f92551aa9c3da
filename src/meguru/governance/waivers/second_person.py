"""Who may grant a waiver: a person, by name, who did not ask for it and did not make what it is for."""

from __future__ import annotations

from meguru.errors import Forbidden
from meguru.governance.persons import persons
from meguru.governance.token_makers import check_token
from meguru.governance.waivers.types import Waiver
from meguru.kernel.operations import Context
from meguru.kernel.principals import LOCAL_OWNER

PERSONS = {"user", "owner"}


def must_be_second(ctx: Context, found: Waiver) -> None:
    """Refuse who is no person, who asked for the waiver, or made the model or the release, by any account.

    So also whoever works in the workspace's files without a name, who may be anybody, and a token that a
    service or one of those made.

    Raises
    ------
    Forbidden
        It says which.
    """
    who = ctx.principal
    if who.kind not in PERSONS:
        raise Forbidden("only a person can grant a waiver", why=f"{who.name} is none", where=found.ref)
    known = persons(ctx.tx)
    own = {known.of(name): (name, "made what it is for") for name in found.authors}
    own[known.of(found.asked_by)] = found.asked_by, "asked for it"
    if (person := known.of(who.name)) in own:
        name, part = own[person]
        same = "" if name == who.name else f", an account of the same person as {who.name},"
        raise Forbidden(
            f"{who.name} may not grant {found.ref}",
            where=found.ref,
            why=f"{name}{same} {part}: a waiver takes a second pair of eyes",
            hint="ask another person who holds the right waiver:grant",
        )
    if who.name == LOCAL_OWNER.name:
        raise Forbidden(
            f"{who.name} may not grant {found.ref}",
            where=found.ref,
            why="whoever may open the files of a workspace is called local, and may be anybody",
            hint="sign in to the server as yourself",
        )
    check_token(ctx.tx, who.token, {person: part for person, (_, part) in own.items()}, known)
