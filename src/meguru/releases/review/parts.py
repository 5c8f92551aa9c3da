"""All that a decision is about, part by part: as it was, and as it is now."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from meguru.base import digests
from meguru.errors import MeguruError
from meguru.governance.release_policies.store import ReleasePolicy, applicable_policies
from meguru.releases.diff import parts_of, plain_text
from meguru.releases.gate_inputs import champion_of, present_part
from meguru.releases.resolve import as_now
from meguru.releases.types import GateResult, Release, ReleaseContent, ReleasePart
from meguru.serving import store as endpoints


def parts_checked(release: Release, policies: Sequence[ReleasePolicy]) -> dict[str, str]:
    """Return all that is under a release's digest as it was checked, and the policies asked of it now."""
    return _listed(release.content, release.champion, release.results, policies)


def parts_now(
    tx: Connection, release: Release, policies: Sequence[ReleasePolicy] | None = None
) -> dict[str, str]:
    """Return what `parts_checked` would be if the release were checked now, and its gates said the same.

    `policies` are those that are asked of it, where they were read already.
    """
    try:
        content = as_now(tx, endpoints.get(tx, release.endpoint), release.content)
    except MeguruError as error:
        # What it is made of can't be read: nothing of that is as it was.
        return {"release": f"{error.what}. {error.why}".strip()}
    results = [
        msgspec.structs.replace(
            result, inputs=[present_part(tx, release.endpoint, part) for part in result.inputs]
        )
        for result in release.results
    ]
    asked = applicable_policies(tx, release.endpoint) if policies is None else policies
    return _listed(content, champion_of(tx, release.endpoint), results, asked)


def _listed(
    content: ReleaseContent,
    champion: ReleasePart | None,
    results: Sequence[GateResult],
    policies: Sequence[ReleasePolicy],
) -> dict[str, str]:
    found = parts_of(content)
    found["live model"] = f"{champion.ref} ({champion.digest[:12]})" if champion else ""
    for number, result in enumerate(results, 1):
        bare = msgspec.structs.replace(result, inputs=[])
        found[f"gate {number} {result.gate}"] = f"{result.verdict}: {result.reason} ({_short(bare)})"
        for part in result.inputs:
            found[f"{part.ref} of gate {number} {result.gate}"] = part.digest
    for policy in policies:
        for field, value in msgspec.to_builtins(policy.spec).items():
            found[f"{policy.ref} {field}"] = plain_text(value)
    return found


def _short(result: GateResult) -> str:
    return digests.of_value(result)[:12]
