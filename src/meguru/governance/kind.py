"""Principals and tokens, as kinds."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.kernel.kinds import Kind, Payload, Tone, event_type


class PrincipalSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person (``user``) or a program (``service``), with the role that it has in all projects."""

    role: str = "guest"
    kind: str = "user"


@event_type(
    "principal.created", label="principal made", sentence="{subject} was added", subject="principal/NAME"
)
class PrincipalCreated(Payload, frozen=True):
    """A person or a service may act here from now on."""

    role: str
    kind: str


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


@event_type("token.created", label="token made", sentence="{subject} was made")
class TokenCreated(Payload, frozen=True):
    """A token was made; its secret is nowhere."""

    principal: str
    scope: list[str]
    days: int


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
    events=(PrincipalCreated, PrincipalUpdated, PrincipalRetired, AccessDenied),
    spec=PrincipalSpec,
    spec_store="meguru.governance.principal_spec",
    page="/ui/access#principal-{name}",
)
TOKEN = Kind(name="token", title=("token", "tokens"), named=False, events=(TokenCreated, TokenRevoked))
