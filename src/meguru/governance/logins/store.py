"""SQL of command lines that ask to be let in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from meguru.governance.schema import login_request


class LoginRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A command line that asks to be let in: from which machine, until when, and who said what."""

    user_code: str
    machine: str
    created_at: datetime
    expires_at: datetime
    principal: str | None = None
    scope: list[str] = []
    refused: bool = False


_COLUMNS = [login_request.c[name] for name in LoginRequest.__struct_fields__]


def add(tx: Connection, device_hash: str, request: LoginRequest) -> None:
    """Write down a request."""
    tx.execute(insert(login_request).values(device_hash=device_hash, **msgspec.structs.asdict(request)))


def waiting(tx: Connection) -> int:
    """Return how many requests there are."""
    return tx.execute(select(func.count()).select_from(login_request)).scalar_one()


def forget_old(tx: Connection, now: datetime) -> None:
    """Forget the requests whose time is over."""
    tx.execute(delete(login_request).where(login_request.c.expires_at <= now))


def by_device(tx: Connection, device_hash: str) -> LoginRequest | None:
    """Return the request of a device."""
    return _from_row(tx.execute(select(*_COLUMNS).where(login_request.c.device_hash == device_hash)).first())


def by_code(tx: Connection, user_code: str) -> LoginRequest | None:
    """Return the request with the code that a person was shown."""
    return _from_row(tx.execute(select(*_COLUMNS).where(login_request.c.user_code == user_code)).first())


def answer(tx: Connection, user_code: str, principal: str | None, scope: Sequence[str]) -> None:
    """Write down who let a request in; None refuses it."""
    values = {"principal": principal, "scope": list(scope), "refused": principal is None}
    tx.execute(update(login_request).where(login_request.c.user_code == user_code).values(**values))


def forget(tx: Connection, device_hash: str) -> bool:
    """Forget a request that was answered; False if another was quicker."""
    return bool(tx.execute(delete(login_request).where(login_request.c.device_hash == device_hash)).rowcount)


def _from_row(row: object) -> LoginRequest | None:
    return None if row is None else msgspec.convert(row, LoginRequest, from_attributes=True)
