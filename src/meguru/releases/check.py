"""Ask the gates."""

import msgspec
from sqlalchemy import Connection

from meguru.errors import Conflict
from meguru.governance.log_time import log_time
from meguru.kernel.operations import Context, operation
from meguru.releases import store
from meguru.releases.diff import changed
from meguru.releases.digest import content_digest, hashes, release_digest
from meguru.releases.gate_inputs import champion_of, trial_of
from meguru.releases.gates.read import check_gates, judge
from meguru.releases.resolve import as_now
from meguru.releases.types import GateResult, GateVerdict, Release, ReleasePart, ReleaseState
from meguru.releases.waivers import apply_waivers, is_refused_but_waived, with_waivers
from meguru.serving import store as endpoints

OPEN = (ReleaseState.CREATED, ReleaseState.PASSED, ReleaseState.UNDECIDED)
_TOLD = {
    ReleaseState.PASSED: "release.gates_passed",
    ReleaseState.REFUSED: "release.refused",
    ReleaseState.UNDECIDED: "release.undecided",
}


@operation("release.check", permission="release:write", on="release")
def check(ctx: Context, *, release: str) -> Release:
    """Ask a release's gates whether it may go live; a refusal is final, unless waivers cover it.

    The gates are those that its endpoint declares now. A release that passed may be checked again, when they
    or the live model have changed since. One whose gates could not be asked, for a reason that is not the
    model's, is undecided: it may be checked again too.

    Raises
    ------
    Conflict
        If the release was refused or promoted before, or the live model or the gates changed while they were
        asked.
    """
    # Gates load models and measure for minutes: they are asked before the write transaction is opened, as on
    # SQLite nobody else could write meanwhile. What they looked at is read again under the locks.
    with ctx.ws.read() as tx:
        found = _as_declared(ctx, tx, store.get(tx, release))
        champion = champion_of(tx, found.endpoint)
    results = judge(check_gates(found.content.policies), trial_of(ctx.ws, found, champion))
    # The endpoint is held before the release, as by who promotes: its declaration can't change any more.
    endpoints.lock(ctx.tx, found.endpoint)
    held = _as_declared(ctx, ctx.tx, store.get(ctx.tx, release, lock=True))
    if champion_of(ctx.tx, held.endpoint) != champion:
        raise Conflict(
            f"another model went live at {held.endpoint} while {held.ref} was checked",
            where=held.ref,
            hint="check again",
        )
    if held.content != found.content:
        raise Conflict(
            f"{held.ref} changed while it was checked",
            where=held.ref,
            why=f"it now differs in: {', '.join(changed(found.content, held.content))}",
            hint="check again",
        )
    return conclude(ctx, held, champion, results)


def _as_declared(ctx: Context, tx: Connection, found: Release) -> Release:
    """Return a release that may be checked, as it is made of what is declared now."""
    if not is_refused_but_waived(tx, found, log_time(tx, ctx.now())):
        _must_be_open(found)
    content = as_now(tx, endpoints.get(tx, found.endpoint), found.content)
    return msgspec.structs.replace(found, content=content, content_digest=content_digest(content))


def conclude(
    ctx: Context, found: Release, champion: ReleasePart | None, results: list[GateResult]
) -> Release:
    """Write the verdict, and the event that tells of it; it is caused by the release's creation."""
    # Here and not when the gates were asked: a waiver may have been granted, revoked or over meanwhile.
    results = apply_waivers(ctx.tx, found.content, results, log_time(ctx.tx, ctx.now()))
    state = _state(results)
    done = msgspec.structs.replace(
        found,
        state=state,
        champion=champion,
        results=results,
        hashes=hashes(found.content, results),
        digest=release_digest(found.content, champion, results),
        checked_at=ctx.now(),
        acknowledged_at=None,  # nobody has seen this verdict yet
        acknowledged_by="",
    )
    waived = [f"{result.gate}: {result.reason}" for result in results if result.verdict is GateVerdict.WAIVED]
    by_waiver = state is ReleaseState.PASSED and bool(waived)
    told = ctx.emit(
        "release.gates_waived" if by_waiver else _TOLD[state],
        done.ref,
        data={
            "endpoint": found.content.endpoint,
            "model": done.model,
            "champion": champion.ref if champion else None,
            "digest": done.digest,
            "reasons": done.reasons,
            "results": results,
        }
        | ({"waived": waived} if by_waiver else {}),
        used=[
            *(part.ref for part in (found.content.model, champion) if part),
            *(result.waiver for result in results if result.waiver),
        ],
        produced=[done.ref],
        cause=found.created_event,
    )
    done = msgspec.structs.replace(done, checked_event=told.id)
    store.save(ctx.tx, done)
    return with_waivers(ctx.tx, [done])[0]


def _state(results: list[GateResult]) -> ReleaseState:
    verdicts = {result.verdict for result in results}
    if GateVerdict.FAILED in verdicts:
        return ReleaseState.REFUSED
    return ReleaseState.UNDECIDED if GateVerdict.UNDECIDED in verdicts else ReleaseState.PASSED


def _must_be_open(found: Release) -> None:
    if found.state not in OPEN:
        raise Conflict(
            f"{found.ref} is {found.state.value} and can't be checked",
            where=found.ref,
            hint=_instead(found),
        )


def _instead(found: Release) -> str:
    refused = next((result.gate for result in found.results if result.verdict is GateVerdict.FAILED), "")
    if found.state is ReleaseState.REFUSED and refused:
        return (
            f"make a better model, or ask for a waiver: meguru waiver request {found.ref} --gate {refused} …"
        )
    return f"make a new one: meguru release create {found.endpoint} {found.model}"
