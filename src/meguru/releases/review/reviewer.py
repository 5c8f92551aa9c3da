"""Who decides: a person's account, by a token of their own."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from meguru.errors import Forbidden
from meguru.governance import store as accounts
from meguru.governance.persons import Persons
from meguru.governance.signing_keys.types import SigningKeyRecord
from meguru.kernel import events
from meguru.kernel.operations import Context
from meguru.kernel.principals import LOCAL_OWNER
from meguru.releases.review.types import ReleaseAuthor

MOST_TOKENS = 20


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
    found = accounts.find_principal(ctx.tx, name)
    if found is None or found.kind != "user" or found.disabled:
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
    return found.name


def check_token(tx: Connection, token: str, authors: Sequence[ReleaseAuthor], who: Persons) -> None:
    """Refuse a token that a service made, or somebody who had a part in making the release.

    Whoever holds the secret of another's token could be anybody who made it.

    Raises
    ------
    Forbidden
        It says who made it.
    """
    for _ in range(MOST_TOKENS):
        made = events.latest(tx, subject=f"token/{token}", types=["token.created"]) if token else None
        if made is None:
            return  # it is of a sign-in
        owner, maker = str(made.data.get("principal")), made.actor
        if who.of(owner) != who.of(maker) and maker != LOCAL_OWNER.name:
            _check_maker(maker, owner, authors, who)
        token = str(made.data.get("made_with", ""))
    raise Forbidden("this token decides nothing", why="it was made with a token of a token of a token")


def _check_maker(maker: str, owner: str, authors: Sequence[ReleaseAuthor], who: Persons) -> None:
    account = who.accounts.get(maker)
    author = next((each for each in authors if each.person == who.of(maker)), None)
    if account is not None and account.kind == "user" and author is None:
        return
    by = f"{maker}, who {author.part}" if author else f"{maker}, which is no person"
    raise Forbidden(
        f"this token of {owner} decides nothing here",
        why=f"it was made by {by}",
        hint="sign in yourself, or make a token of your own: meguru login",
    )
