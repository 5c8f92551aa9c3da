"""Principals and tokens, as kinds."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.kernel.kinds import Kind, Payload, Service, Tone, event_type


class PrincipalSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person (``user``) or a program (``service``), with the role that it has in all projects.

    `person` says whose account it is, where somebody has several: the name of another one, or an e-mail
    address. What needs several people counts them once.
    """

    role: str = "guest"
    kind: str = "user"
    person: str = ""


@event_type(
    "principal.created", label="principal made", sentence="{subject} was added", subject="principal/NAME"
)
class PrincipalCreated(Payload, frozen=True):
    """A person or a service may act here from now on."""

    role: str
    kind: str
    person: str = ""


@event_type(
    "principal.updated",
    label="principal changed",
    sentence="the declaration of {subject} was changed",
    subject="principal/NAME",
)
class PrincipalUpdated(Payload, frozen=True):
    """A principal has another role in all projects: ``{field: {before, after}}``."""

    changes: dict[str, Any]


@event_type(
    "principal.retired",
    label="principal shut out",
    sentence="{subject} was shut out",
    tone=Tone.ODD,
    subject="principal/NAME",
)
class PrincipalRetired(Payload, frozen=True):
    """A principal may act here no more; its tokens are valid no more, as of now."""


@event_type(
    "access.denied",
    label="access denied",
    sentence="{subject} was refused",
    tone=Tone.BAD,
    subject="principal/NAME",
)
class AccessDenied(Payload, frozen=True):
    """Somebody tried what they may not; `ref` is what they tried it with.

    Of more than 30 in a minute the rest is counted: `unsaid` of the next event tells how many.
    """

    permission: str = ""
    ref: str = ""
    why: str = ""
    unsaid: int = 0


@event_type(
    "principal.answered_login",
    label="command line answered",
    sentence="{subject} answered a command line that asked to be let in",
    subject="principal/NAME",
)
class PrincipalAnsweredLogin(Payload, frozen=True):
    """Somebody let a command line in as themselves, or refused it."""

    machine: str
    allowed: bool


@event_type("token.created", label="token made", sentence="{subject} was made")
class TokenCreated(Payload, frozen=True):
    """A token was made; its secret is nowhere. `made_with` is the token of who made it, if they had one."""

    principal: str
    scope: list[str]
    days: int
    made_with: str = ""


@event_type("token.issued", label="token issued", sentence="{subject} was issued by {by}")
class TokenIssued(Payload, frozen=True):
    """A token was given: for a signed one, by a trust, or to a command line that a person let in."""

    principal: str
    by: str
    seconds: int
    claims: dict[str, Any]


@event_type("token.revoked", label="token revoked", sentence="{subject} was revoked", tone=Tone.ODD)
class TokenRevoked(Payload, frozen=True):
    """A token is valid no more."""

    principal: str


PRINCIPAL = Kind(
    name="principal",
    title=("principal", "principals"),
    named=False,
    shared=True,
    tables=("meguru.governance.schema",),
    operations=("meguru.governance.operations",),
    events=(PrincipalCreated, PrincipalUpdated, PrincipalRetired, PrincipalAnsweredLogin, AccessDenied),
    spec=PrincipalSpec,
    spec_store="meguru.governance.principal_spec",
    page="/ui/access#principal-{name}",
)
TOKEN = Kind(
    name="token",
    title=("token", "tokens"),
    named=False,
    events=(TokenCreated, TokenIssued, TokenRevoked),
    internal={
        "end": "who signs out ends the token of their session",
        "exchange": "the server gives a token for a signed one, or to whom a person let have it",
        "ask": "a command line asks to be let in; whoever is signed in says whether",
        "forget": "tokens of sessions that ran out long ago leave the list; the log keeps who had them",
    },
    services=(Service(name="sessions", factory="meguru.governance.sessions:SessionKeeper"),),
)
