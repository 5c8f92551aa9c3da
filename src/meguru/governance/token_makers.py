"""Who made a token: whoever holds the secret of another's could be anybody who made it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from meguru.errors import Forbidden
from meguru.governance.persons import Persons
from meguru.kernel import events
from meguru.kernel.principals import LOCAL_OWNER

MAX_CHAIN = 20


def check_token(tx: Connection, token: str, parts: Mapping[str, str], who: Persons) -> None:
    """Refuse a token that a service made, or somebody who had a part in what is decided about.

    Parameters
    ----------
    tx
        An open transaction.
    token
        The id of the token in use; empty for who came without one.
    parts
        By person, which part they had.
    who
        Whose accounts are one person's.

    Raises
    ------
    Forbidden
        It says who made it.
    """
    # A token may have been made with a token that was made with a token: whoever made any of them holds this
    # one's secret, or could have had it.
    for _ in range(MAX_CHAIN):
        event = events.latest(tx, subject=f"token/{token}", types=["token.created"]) if token else None
        if event is None:
            return  # it is of a sign-in
        owner, maker = str(event.data.get("principal")), event.actor
        if who.of(owner) != who.of(maker) and maker != LOCAL_OWNER.name:
            _check_maker(maker, owner, parts, who)
        token = str(event.data.get("made_with", ""))
    raise Forbidden("this token decides nothing", why="it was made with a token of a token of a token")


def _check_maker(maker: str, owner: str, parts: Mapping[str, str], who: Persons) -> None:
    account, part = who.accounts.get(maker), parts.get(who.of(maker))
    if account is not None and account.kind == "user" and part is None:
        return
    by = f"{maker}, who {part}" if part else f"{maker}, which is no person"
    raise Forbidden(
        f"this token of {owner} decides nothing here",
        why=f"it was made by {by}",
        hint="sign in yourself, or make a token of your own: meguru login",
    )
