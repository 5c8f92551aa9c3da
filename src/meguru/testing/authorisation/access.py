"""Makers of who is there, of what they may, and of what is asked of them: see `fixtures.MAKERS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from meguru.governance.code_policy.kind import PolicySpec
from meguru.governance.code_policy.operations import specs as policies
from meguru.governance.grants.kind import GrantSpec
from meguru.governance.grants.operations import specs as grants
from meguru.governance.groups.kind import GroupSpec
from meguru.governance.groups.operations import specs as groups
from meguru.governance.principals import create_principal
from meguru.governance.release_policies.kind import ReleasePolicySpec
from meguru.governance.release_policies.operations import specs as release_policies
from meguru.governance.roles.kind import RoleSpec
from meguru.governance.roles.operations import specs as roles
from meguru.governance.sign_in.kind import IdentityProviderSpec
from meguru.governance.sign_in.operations import specs as providers
from meguru.governance.trusts.kind import TrustSpec
from meguru.governance.trusts.operations import specs as trusts
from meguru.testing.authorisation.making import Making


def _principal(of: Making) -> str:
    return create_principal(of.ws, name=of.mark, role="guest").name


def _role(of: Making) -> str:
    roles.declare(of.ws, name=of.mark, spec=RoleSpec(allow=["run:read"], description=of.mark))
    return of.mark


def _policy(of: Making) -> str:
    policies.declare(of.ws, name=of.mark, spec=PolicySpec())
    return of.mark


def _release_policy(of: Making) -> str:
    release_policies.declare(of.ws, name=of.mark, spec=ReleasePolicySpec(endpoints=["none-in-the-world"]))
    return of.mark


def _group(of: Making) -> str:
    groups.declare(of.ws, name=of.mark, spec=GroupSpec(claims={"groups": of.mark}, description=of.mark))
    return of.mark


def _grant(of: Making) -> str:
    name = f"for-{of.ws.project or 'all'}"
    groups.declare(of.ws, name=name, spec=GroupSpec())
    grants.declare(of.ws, name=of.mark, spec=GrantSpec(to=f"group/{name}", role="viewer"))
    return of.mark


def _identity_provider(of: Making) -> str:
    spec = IdentityProviderSpec(issuer=f"https://{of.mark}.example.com", client_id=of.mark)
    providers.declare(of.ws, name=of.mark, spec=spec)
    return of.mark


def _trust(of: Making) -> str:
    spec = TrustSpec(
        issuer=f"https://{of.mark}.example.com", audience=of.mark, claims={"sub": of.mark}, role="viewer"
    )
    trusts.declare(of.ws, name=of.mark, spec=spec)
    return of.mark


MAKERS: Mapping[str, Callable[[Making], str]] = {
    "principal": _principal,
    "role": _role,
    "policy": _policy,
    "release_policy": _release_policy,
    "group": _group,
    "grant": _grant,
    "identity_provider": _identity_provider,
    "trust": _trust,
}
