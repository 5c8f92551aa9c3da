"""Providers of identity, as a kind."""

from __future__ import annotations

import msgspec

from meguru.kernel.kinds import Kind, Payload, event_type, spec_events


class IdentityProviderSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An OpenID provider that people sign in with.

    Attributes
    ----------
    issuer
        Its address, as it calls itself.
    client_id, client_secret
        What it knows this server by; the secret by reference (``env:NAME``, ``file:PATH``), empty for a
        public client.
    title
        What the button on the sign-in page says.
    scopes
        What is asked for, beside ``openid``.
    name_claim
        The claim that names a principal when somebody signs in for the first time.
    new
        The role, in all projects, of who signs in for the first time; empty: they are refused.
    adopt
        Whether who signs in becomes the principal of their name that is there already.
    require
        Claims without which nobody is let in, as in a group.
    session
        How long one stays signed in; for so long, what the provider said counts for groups.
    """

    issuer: str
    client_id: str
    client_secret: str = ""
    title: str = ""
    scopes: list[str] = msgspec.field(default_factory=lambda: ["profile", "email"])
    name_claim: str = "preferred_username"
    new: str = "guest"
    adopt: bool = False
    require: dict[str, str | list[str]] = {}
    session: str = "12h"


@event_type(
    "principal.signed_in", label="signed in", sentence="{subject} signed in", subject="principal/NAME"
)
class PrincipalSignedIn(Payload, frozen=True):
    """Somebody signed in; `new` when it was the first time."""

    provider: str
    subject: str
    new: bool
    token: str


IDENTITY_PROVIDER = Kind(
    name="identity_provider",
    title=("provider of identity", "providers of identity"),
    shared=True,
    operations=("meguru.governance.sign_in.operations",),
    events=(
        *spec_events(
            "identity_provider",
            IdentityProviderSpec,
            title="provider of identity",
            retired="Nobody signs in with it any more; who is signed in stays so until their session ends.",
        ),
        PrincipalSignedIn,
    ),
    spec=IdentityProviderSpec,
    spec_store="meguru.governance.sign_in.spec:STORE",
    internal={"sign_in": "the server writes down who signed in, as their provider said"},
    page="/ui/access#identity_provider-{name}",
)
