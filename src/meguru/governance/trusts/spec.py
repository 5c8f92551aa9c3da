"""The specs of trusts: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

import msgspec

from meguru.base import refs
from meguru.base.durations import seconds
from meguru.errors import InvalidInput
from meguru.governance import store
from meguru.governance.groups.claims import check_claims
from meguru.governance.oidc.fetching import check_url
from meguru.governance.owners import check_held
from meguru.governance.rights import EVERYWHERE, TRUSTED, read_table
from meguru.governance.roles.show import check_role
from meguru.governance.rules import AccessRules
from meguru.governance.trusts.kind import TrustSpec
from meguru.governance.types import PrincipalRecord
from meguru.kernel.operations import Context
from meguru.kernel.projects import check_project

MAX_TTL_SECONDS = 24 * 3600
MAX_PROJECTS = 100


def _check(ctx: Context, name: str, spec: TrustSpec) -> TrustSpec:
    """Return the spec; refuse one that would take the tokens of strangers, or gives more than one has."""
    check_url(spec.issuer, "issuer")
    if not 0 < len(spec.audience) <= 500:
        raise InvalidInput("a trust names for whom a token must be", field="audience")
    check_claims(spec.claims, "claims")
    # Forges sign for everybody: with the issuer alone, each repository in the world would be trusted.
    if all(not each.strip("*") for value in spec.claims.values() for each in _values(value)):
        raise InvalidInput(
            "a trust asks for a claim that tells whose a token is",
            field="claims",
            why="an issuer such as a forge signs tokens for everybody",
            hint='claims = { repository = "acme/shop", ref = "refs/heads/main" }',
        )
    if (seconds(spec.ttl, field="ttl") or 0.0) > MAX_TTL_SECONDS:
        raise InvalidInput("a token of a trust is valid for a day at most", field="ttl")
    table = read_table(ctx.tx)
    check_role(table, spec.role)
    if not 0 < len(spec.projects) <= MAX_PROJECTS or (EVERYWHERE in spec.projects and len(spec.projects) > 1):
        raise InvalidInput(f"a trust names 1 to {MAX_PROJECTS} projects, or * alone", field="projects")
    for project in spec.projects:
        if project != EVERYWHERE:
            check_project(ctx.tx, project)
        place = "" if project == refs.DEFAULT else project
        check_held(ctx, table.permissions(spec.role), place, f"trust/{name}")
    return msgspec.structs.replace(spec, projects=sorted(set(spec.projects)))


def _values(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


class _Trusts(AccessRules[TrustSpec]):
    """Keeps a principal for each trust: what its tokens do is its doing."""

    def save(self, ctx: Context, name: str, spec: TrustSpec) -> None:
        """Write the present spec."""
        self._put(ctx, name, disabled=False)
        super().save(ctx, name, spec)

    def retire(self, ctx: Context, name: str) -> None:
        """Take one out of use; the tokens that it gave end."""
        store.revoke_all(ctx.tx, TRUSTED + name, ctx.now())
        self._put(ctx, name, disabled=True)
        super().retire(ctx, name)

    @staticmethod
    def _put(ctx: Context, name: str, *, disabled: bool) -> None:
        record = PrincipalRecord(
            name=TRUSTED + name, kind="service", role="guest", created_at=ctx.now(), disabled=disabled
        )
        store.put_principal(ctx.tx, record)


STORE = _Trusts("trust", TrustSpec, check=_check)
