"""A command line asks, a person answers in a browser, the command line gets its token (RFC 8628)."""

from __future__ import annotations

import secrets
from datetime import timedelta

import msgspec

from meguru.errors import Busy, Conflict, Forbidden, NotFound, Unauthenticated
from meguru.governance import store as principals
from meguru.governance.kind import TOKEN
from meguru.governance.logins import store
from meguru.governance.logins.store import LoginRequest
from meguru.governance.tokens import hash_of, new_token
from meguru.governance.types import NewToken
from meguru.kernel.operations import Context, InternalOperation, operation
from meguru.kernel.principals import ANYBODY, system
from meguru.kernel.workspace import Workspace

_ASK = InternalOperation(TOKEN, "ask")
_EXCHANGE = InternalOperation(TOKEN, "exchange")
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""None that are taken for others, and no vowels: a code is no word."""
LIFETIME = timedelta(minutes=10)
TOKEN_LIFETIME = timedelta(days=30)
MAX_PENDING = 1000
ACTOR = "login"


class DeviceCode(msgspec.Struct, frozen=True, kw_only=True):
    """What a command line keeps, and what it shows to a person."""

    device_code: str
    user_code: str
    expires_in: int


class AskedLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A command line that asks to be let in, as a person sees it."""

    code: str
    machine: str


def issue_codes(ws: Workspace, machine: str) -> DeviceCode:
    """Write down that a command line asks to be let in.

    Raises
    ------
    Busy
        While very many ask.
    """
    device = secrets.token_urlsafe(32)
    # 20^8 codes, ten minutes, a thousand at a time: nobody finds one by guessing before it is over.
    code = "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(2))

    def write(ctx: Context) -> None:
        now = ctx.now()
        store.forget_old(ctx.tx, now)
        if store.waiting(ctx.tx) >= MAX_PENDING:
            raise Busy("too many ask to be let in", hint="try again in some minutes")
        request = LoginRequest(
            user_code=code, machine=machine[:200], created_at=now, expires_at=now + LIFETIME
        )
        store.add(ctx.tx, hash_of(device), request)

    _ASK.commit(_acting(ws), write)
    return DeviceCode(device_code=device, user_code=code, expires_in=int(LIFETIME.total_seconds()))


@operation("token.asked_login", permission=ANYBODY, query=True)
def asked_login(ctx: Context, *, code: str) -> AskedLogin:
    """Tell which command line asks to be let in with a code."""
    request = _open(ctx, code)
    return AskedLogin(code=request.user_code, machine=request.machine)


@operation("token.answer_login", permission=ANYBODY)
def answer_login(ctx: Context, *, code: str, allow: bool) -> AskedLogin:
    """Let a command line in as oneself, with at most what one may do now; or refuse it."""
    request, me = _open(ctx, code), ctx.principal
    who = principals.find_principal(ctx.tx, me.name)
    if who is None or who.disabled:
        raise Conflict(f"{me.name} has no name to give away here", hint="meguru principal create NAME")
    scope = sorted(me.scope) if me.scope is not None else ["*"]
    store.answer(ctx.tx, request.user_code, me.name if allow else None, scope)
    ctx.emit(
        "principal.answered_login",
        f"principal/{me.name}",
        data={"machine": request.machine, "allowed": allow},
    )
    return AskedLogin(code=request.user_code, machine=request.machine)


def redeem(ws: Workspace, device: str) -> NewToken | None:
    """Return the token of a command line that was let in; None while nobody answered.

    Raises
    ------
    Unauthenticated
        If there is no such request, or its time is over.
    Forbidden
        If a person refused it.
    """
    key = hash_of(device)
    with ws.read() as tx:
        request = store.by_device(tx, key)
    if request is None or request.expires_at <= ws.clock.now():
        raise Unauthenticated("nobody let this command line in", why="its time is over", hint="ask again")
    if request.refused:
        raise Forbidden("this command line was refused", why="by whoever was asked")
    return (
        None
        if request.principal is None
        else _EXCHANGE.commit(_acting(ws), lambda ctx: _redeem(ctx, key, request))
    )


def _redeem(ctx: Context, key: str, found: LoginRequest) -> NewToken:
    owner = principals.get_principal(ctx.tx, found.principal or "")
    # Deleted first, in the same transaction: of two that poll at once, one gets the token.
    if not store.forget(ctx.tx, key):
        raise Unauthenticated("nobody let this command line in", why="its token was taken already")
    made = new_token(
        ctx, owner.name, TOKEN_LIFETIME, note=f"login on {found.machine}", scope=found.scope, origin=ACTOR
    )
    seconds = int(TOKEN_LIFETIME.total_seconds())
    data = {"principal": owner.name, "by": f"principal/{owner.name}", "seconds": seconds, "claims": {}}
    ctx.emit("token.issued", f"token/{made.token.id}", data=data)
    return made


def _open(ctx: Context, code: str) -> LoginRequest:
    # As people type it: in small letters, without the dash, with spaces.
    letters = "".join(each for each in code.upper() if each in LETTERS)
    request = store.by_code(ctx.tx, f"{letters[:4]}-{letters[4:]}")
    is_open = request is not None and request.principal is None and not request.refused
    if request is None or not is_open or request.expires_at <= ctx.now():
        raise NotFound("no command line asks with this code", why="it is another one, or its time is over")
    return request


def _acting(ws: Workspace) -> Workspace:
    return ws.with_(principal=system(ACTOR), project="")
