"""Who decides: a person's account, by a token of their own."""

from __future__ import annotations

from meguru.errors import Forbidden
from meguru.governance import store as accounts
from meguru.governance.signing_keys.types import SigningKeyRecord
from meguru.kernel.operations import Context
from meguru.kernel.principals import LOCAL_OWNER


def reviewer(ctx: Context, key: SigningKeyRecord | None = None) -> str:
    """Return the account that decides.

    Whoever may open the workspace's files has no name of their own: with a key of theirs they are its owner.

    Raises
    ------
    Forbidden
        If it is no person's account, or the key is another's.
    """
    me = ctx.principal
    if key is not None and me.name not in {key.owner, LOCAL_OWNER.name}:
        raise Forbidden(
            "this key is another's", why=f"it is {key.owner}'s, and you are {me.name}", where=key.ref
        )
    name = key.owner if key is not None else me.name
    principal = accounts.find_principal(ctx.tx, name)
    if principal is None or principal.kind != "user" or principal.disabled:
        why = {
            "owner": "whoever may open the files of a workspace is called local, and may be anybody",
            "service": "a service is no person",
            "system": "a part of the system is no person",
        }.get(me.kind if key is None else "", f"{name} is no person's account")
        raise Forbidden(
            f"{name} can't decide about releases",
            why=why,
            hint="sign in to the server as yourself, or sign with a key of your own: --key FILE",
        )
    return principal.name
