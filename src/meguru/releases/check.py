"""Ask the gates."""

import msgspec

from meguru.errors import Conflict
from meguru.kernel.operations import Context, operation
from meguru.releases import store
from meguru.releases.digest import hashes, release_digest
from meguru.releases.gates.read import check_gates, judge
from meguru.releases.trial import champion_of, trial_of
from meguru.releases.types import GateResult, Part, Release, ReleaseState, Verdict

OPEN = (ReleaseState.CREATED, ReleaseState.PASSED, ReleaseState.UNDECIDED)
_TOLD = {
    ReleaseState.PASSED: "release.gates_passed",
    ReleaseState.REFUSED: "release.refused",
    ReleaseState.UNDECIDED: "release.undecided",
}


@operation("release.check", permission="release:write")
def check(ctx: Context, *, release: str) -> Release:
    """Ask a release's gates whether it may go live; a refusal is final.

    A release that passed may be checked again, when the live model has changed since. One whose gates could
    not be asked, for a reason that is not the model's, is undecided: it may be checked again too.

    Raises
    ------
    Conflict
        If the release was refused or promoted before, or the live model changed while the gates were asked.
    """
    with ctx.ws.read() as tx:
        found = store.get(tx, release)
        champion = champion_of(tx, found.endpoint)
    _must_be_open(found)
    results = judge(check_gates(found.content.policies), trial_of(ctx.ws, found, champion))
    found = store.get(ctx.tx, release, lock=True)
    _must_be_open(found)
    if champion_of(ctx.tx, found.endpoint) != champion:
        raise Conflict(
            f"another model went live at {found.endpoint} while {found.ref} was checked",
            where=found.ref,
            hint="check again",
        )
    return conclude(ctx, found, champion, results)


def conclude(ctx: Context, found: Release, champion: Part | None, results: list[GateResult]) -> Release:
    """Write the verdict, and the event that tells of it; it is caused by the release's creation."""
    state = _state(results)
    done = msgspec.structs.replace(
        found,
        state=state,
        champion=champion,
        results=results,
        hashes=hashes(found.content, results),
        digest=release_digest(found.content, champion, results),
        checked_at=ctx.now(),
        acknowledged_at=None,
        acknowledged_by="",
    )
    told = ctx.emit(
        _TOLD[state],
        done.ref,
        data={
            "endpoint": found.content.endpoint,
            "model": done.model,
            "champion": champion.ref if champion else None,
            "digest": done.digest,
            "reasons": done.reasons,
            "results": results,
        },
        used=[part.ref for part in (found.content.model, champion) if part],
        produced=[done.ref],
        cause=found.created_event,
    )
    done = msgspec.structs.replace(done, checked_event=told.id)
    store.save(ctx.tx, done)
    return done


def _state(results: list[GateResult]) -> ReleaseState:
    verdicts = {result.verdict for result in results}
    if Verdict.FAILED in verdicts:
        return ReleaseState.REFUSED
    return ReleaseState.UNDECIDED if Verdict.UNDECIDED in verdicts else ReleaseState.PASSED


def _must_be_open(found: Release) -> None:
    if found.state not in OPEN:
        raise Conflict(
            f"{found.ref} is {found.state.value} and can't be checked",
            where=found.ref,
            hint=f"make a new one: meguru release create {found.endpoint} {found.model}",
        )
