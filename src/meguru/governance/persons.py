"""Which accounts are one person's: what needs several people counts persons, not accounts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select

from meguru.governance import store
from meguru.governance.schema import identity
from meguru.governance.types import PrincipalRecord


class Persons:
    """The accounts of a workspace, joined to persons.

    Two are one person's when both are declared so (`person`), when providers signed in the same subject or
    the same e-mail address as each, or when both are so with a third. What was shut out counts too: nobody
    becomes another person by a new account.
    """

    def __init__(
        self, accounts: Iterable[PrincipalRecord], signed_in: Iterable[tuple[str, list[str]]]
    ) -> None:
        self.accounts = {principal.name: principal for principal in accounts}
        self._above: dict[str, str] = {}
        self._marked: dict[str, set[str]] = {}
        for account in self.accounts.values():
            if account.kind == "user" and account.person:
                self._mark(account.name, account.person)
        for name, marks in signed_in:
            for mark in marks:
                self._mark(name, mark)

    def of(self, name: str) -> str:
        """Return the person behind a name: that of an account, an e-mail address, or one that is no account.

        The same text for each account of one person, such as the name of the first of them.
        """
        return self._root(_node(name, self.accounts))

    def accounts_of(self, name: str) -> list[str]:
        """Return the accounts of the person behind a name, sorted."""
        wanted = self.of(name)
        return sorted(account for account in self.accounts if self.of(account) == wanted)

    def accounts_at(self, address: str) -> list[PrincipalRecord]:
        """Return the accounts whose own address is this one, by name: others of the person are not meant.

        What a third account says of itself makes two count as one, and gives neither the other's mail.
        """
        names = sorted(self._marked.get(_node(address, self.accounts), ()))
        return [self.accounts[name] for name in names if name in self.accounts]

    def _mark(self, name: str, mark: str) -> None:
        node = _node(mark, self.accounts)
        self._marked.setdefault(node, set()).add(name)
        self._join(name, node)

    def _root(self, node: str) -> str:
        while (above := self._above.get(node, node)) != node:
            node = above
        return node

    def _join(self, one: str, other: str) -> None:
        # Union-find. The root is an account's name where there is one, and the same whatever the order of
        # joining: it is in signed statements (`person`).
        first, second = sorted((self._root(one), self._root(other)), key=lambda each: ("@" in each, each))
        self._above[second] = first


def persons(tx: Connection) -> Persons:
    """Return who is who now."""
    rows = tx.execute(select(identity.c.principal, identity.c.subject, identity.c.claims))
    return Persons(
        store.list_principals(tx), [(row.principal, _marks(row.subject, row.claims)) for row in rows]
    )


def _node(text: str, accounts: dict[str, PrincipalRecord]) -> str:
    """Return what stands for a text: an account's name as it is, all else apart from those."""
    return text if text in accounts else f"@{text.casefold()}"


def _marks(subject: str, claims: dict[str, Any]) -> list[str]:
    """Return what makes a sign-in somebody's: the subject, and an address unless the provider doubts it."""
    # Of any provider: that two have the same subject by chance keeps somebody from approving, and lets nobody
    # in.
    found = [f"sub:{subject}"]
    email = claims.get("email")
    if isinstance(email, str) and "@" in email and claims.get("email_verified") is not False:
        found.append(email)
    return found
