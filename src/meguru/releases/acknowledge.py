"""Say that a refusal was seen."""

import msgspec

from meguru.errors import Conflict
from meguru.kernel.operations import Context, operation
from meguru.releases import store
from meguru.releases.types import Release, ReleaseState

SEEN = (ReleaseState.REFUSED, ReleaseState.UNDECIDED)


@operation("release.acknowledge", permission="release:write", on="release")
def acknowledge(ctx: Context, *, release: str, note: str = "") -> Release:
    """Say that a person has seen why a release did not go live: it is asked of nobody any more.

    Without this, the newest release of an endpoint needs a person while it is refused or undecided; a newer
    one takes its place. Nothing else changes, and the same again changes nothing.

    Raises
    ------
    Conflict
        If the release was neither refused nor left undecided.
    """
    found = store.get(ctx.tx, release, lock=True)
    if found.acknowledged_at is not None:
        return found
    if found.state not in SEEN:
        raise Conflict(
            f"{found.ref} is {found.state.value}",
            where=found.ref,
            why="there is no refusal of it to acknowledge",
        )
    ctx.emit(
        "release.acknowledged",
        found.ref,
        data={"endpoint": found.content.endpoint, "model": found.model, "note": note},
        cause=found.checked_event,
    )
    done = msgspec.structs.replace(found, acknowledged_at=ctx.now(), acknowledged_by=ctx.principal.name)
    store.save(ctx.tx, done)
    return done
