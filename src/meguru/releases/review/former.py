"""What a policy asked before an author of the release changed it: nobody loosens it for what they made."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, select

from meguru.governance.persons import Persons
from meguru.governance.release_policies.kind import ReleasePolicySpec
from meguru.governance.release_policies.store import ReleasePolicy
from meguru.kernel.declarations import store as specs
from meguru.kernel.declarations.schema import spec_version
from meguru.releases.review.types import ReleaseAuthor
from meguru.releases.types import Release

KIND = "release_policy"
MOST_VERSIONS = 200


def former(
    tx: Connection, release: Release, authors: Sequence[ReleaseAuthor], who: Persons
) -> list[ReleasePolicy]:
    """Return the policies as they were before authors of a release changed or retired them, while it waits.

    They are asked beside those that hold. A change by anybody else who may is taken as it is; so is one by
    whoever may open the files of the workspace, who could change anything.
    """
    changed = select(spec_version.c.name).where(
        spec_version.c.kind == KIND, spec_version.c.at >= release.created_at
    )
    own = {each.person: each.name for each in authors if each.name in who.accounts}
    found = []
    for name in sorted(set(tx.execute(changed).scalars())):
        versions = specs.versions(tx, KIND, name, MOST_VERSIONS)
        mine = []
        for each in versions:
            if each.at < release.created_at or who.of(each.by) not in own:
                break
            mine.append(each)
        before = versions[len(mine)] if mine and len(versions) > len(mine) else None
        if before is None or before.retired:
            continue
        policy = ReleasePolicy(
            name=f"{name} before {mine[-1].by} changed it",
            spec=msgspec.convert(before.spec, ReleasePolicySpec),
        )
        found += [policy] if policy.asks(release.endpoint) else []
    return found
