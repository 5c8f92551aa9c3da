"""What a policy asked before an author of the release changed it: nobody loosens it for what they made."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import msgspec
from sqlalchemy import Connection, func, select

from meguru.errors import NotFound
from meguru.governance.persons import Persons
from meguru.governance.release_policies.kind import ReleasePolicySpec
from meguru.governance.release_policies.store import ReleasePolicy, applicable_policies
from meguru.kernel.declarations import store as specs
from meguru.kernel.declarations.schema import spec_version
from meguru.kernel.declarations.types import SpecVersion
from meguru.kernel.events.schema import event
from meguru.registry import store as models
from meguru.releases.review.types import ReleaseAuthor
from meguru.releases.types import Release

KIND = "release_policy"


def policies_of(
    tx: Connection,
    release: Release,
    authors: Sequence[ReleaseAuthor],
    who: Persons,
    holding: Sequence[ReleasePolicy] | None = None,
) -> list[ReleasePolicy]:
    """Return all that is asked of a release: the policies that hold, and those that its authors changed.

    `holding` are the former, where they were read already.

    The latter are as they were before, since the model was registered: the log's order tells, not a clock. A
    change by anybody else who may is taken as it is; so is one by whoever may open the files of the
    workspace, who could change anything.
    """
    later = _since(tx, release)
    made_by = {each.person for each in authors}

    def is_own(name: str, each: SpecVersion) -> bool:
        return (name, each.number) in later and each.by in who.accounts and who.of(each.by) in made_by

    found = list(applicable_policies(tx, release.endpoint) if holding is None else holding)
    changed = sorted({name for name, _ in later})
    held = specs.versions_of(tx, KIND, changed, len(later) + 1)
    for name in changed:
        versions = held[name]
        own = next((count for count, each in enumerate(versions) if not is_own(name, each)), 0)
        if not own or versions[own].retired:
            continue
        policy = ReleasePolicy(
            name=f"{name} before {versions[own - 1].by} changed it",
            spec=msgspec.convert(versions[own].spec, ReleasePolicySpec),
        )
        found += [policy] if policy.applies_to(release.endpoint) else []
    return found


def _since(tx: Connection, release: Release) -> set[tuple[str, int]]:
    """Return the changes of policies since a release's model was registered, each by name and number."""
    starts = [release.created_event]
    with suppress(NotFound):  # it may have been removed
        starts.append(models.resolve(tx, release.model).event)
    first = tx.execute(select(func.min(event.c.seq)).where(event.c.id.in_(starts))).scalar() or 0
    changes = (
        select(spec_version.c.name, spec_version.c.number)
        .join(event, event.c.id == spec_version.c.event)
        .where(spec_version.c.kind == KIND, event.c.seq > first)
    )
    return {(row.name, row.number) for row in tx.execute(changes)}
