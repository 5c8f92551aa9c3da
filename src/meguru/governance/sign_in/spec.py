"""The specs of providers of identity: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

import msgspec

from meguru.base.durations import seconds
from meguru.base.names import normal
from meguru.base.secret_refs import check_secret
from meguru.errors import InvalidInput
from meguru.governance.groups.claims import check_claims
from meguru.governance.oidc.fetching import check_url
from meguru.governance.owners import check_held
from meguru.governance.rights import EVERYWHERE, read_table
from meguru.governance.roles.show import check_role
from meguru.governance.rules import AccessRules
from meguru.governance.sign_in.kind import IdentityProviderSpec
from meguru.kernel.operations import Context

MAX_SESSION_SECONDS = 30 * 24 * 3600
MAX_SCOPES, MAX_TEXT = 20, 200


def _check(ctx: Context, name: str, spec: IdentityProviderSpec) -> IdentityProviderSpec:
    """Return the spec in its usual form; it is not asked whether the provider is there."""
    check_url(spec.issuer, "issuer")
    for field in ("client_id", "name_claim"):
        if not 0 < len(getattr(spec, field)) <= MAX_TEXT:
            raise InvalidInput(f"{field} has 1 to {MAX_TEXT} characters", field=field)
    if len(spec.scopes) > MAX_SCOPES or any(not scope or " " in scope for scope in spec.scopes):
        raise InvalidInput(f"up to {MAX_SCOPES} scopes, each one word", field="scopes")
    if (seconds(spec.session, field="session") or 0.0) > MAX_SESSION_SECONDS:
        raise InvalidInput("a session lasts 30 days at most", field="session")
    check_claims(spec.require, "require")
    if spec.new:
        table = read_table(ctx.tx)
        check_role(table, spec.new)
        check_held(ctx, table.permissions(spec.new), EVERYWHERE, f"identity_provider/{name}")
    return msgspec.structs.replace(
        spec,
        client_secret=check_secret(spec.client_secret, "client_secret") if spec.client_secret else "",
        title=normal(spec.title)[:MAX_TEXT],
    )


STORE = AccessRules("identity_provider", IdentityProviderSpec, check=_check)
