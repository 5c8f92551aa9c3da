"""What waivers mean for releases: which refusals they let pass, and what leans on them."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from meguru.base import digests, refs
from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.governance.persons import persons
from meguru.governance.waivers import store as waivers
from meguru.governance.waivers.emit import emit_event, written_end
from meguru.governance.waivers.types import Waiver, WaiverSubject
from meguru.kernel.operations import Context
from meguru.releases import store
from meguru.releases.gates.read import FIRST, is_waivable
from meguru.releases.review.authors import authors_of
from meguru.releases.types import (
    GateResult,
    GateVerdict,
    Release,
    ReleaseContent,
    ReleasePart,
    ReleaseState,
)
from meguru.serving import store as endpoints

MAX_REASON = 300
"""So many letters of a waiver's reason stand in a verdict."""


def declared_with(
    content: ReleaseContent, results: list[GateResult]
) -> list[tuple[GateResult, dict[str, Any] | None]]:
    """Return results, each with the gate as it was declared; None for what nobody declared."""
    # By their order and not by name alone: an endpoint may declare one gate several times.
    declared = [policy for policy in content.policies if policy.get("gate") != FIRST]
    found: list[tuple[GateResult, dict[str, Any] | None]] = []
    for result in results:
        if declared and declared[0].get("gate") == result.gate:
            found.append((result, declared.pop(0)))
        else:
            found.append((result, None))
    return found


def apply_waivers(
    tx: Connection, content: ReleaseContent, results: list[GateResult], now: datetime
) -> list[GateResult]:
    """Return the verdicts with waivers: what a waiver in force lets pass is waived, and never passed."""
    endpoint = refs.parse(content.endpoint).name
    in_force = [waiver for waiver in waivers.granted(tx, endpoint, content.model.ref) if waiver.in_force(now)]
    return [_with_waiver(result, declared, in_force) for result, declared in declared_with(content, results)]


def _with_waiver(result: GateResult, declared: dict[str, Any] | None, in_force: list[Waiver]) -> GateResult:
    bare = unwaived(result)
    if bare.verdict is not GateVerdict.FAILED or declared is None or not is_waivable(declared):
        return bare
    waiver = next(
        (each for each in in_force if each.covers(digests.of_value(declared), _inputs(result))), None
    )
    if waiver is None:
        return bare
    why = waiver.reason if len(waiver.reason) <= MAX_REASON else f"{waiver.reason[: MAX_REASON - 1]}…"
    says = f"waived by {waiver.decided_by} until {written_end(waiver)} ({why}): {bare.reason}"
    return msgspec.structs.replace(
        bare, verdict=GateVerdict.WAIVED, reason=says, waiver=waiver.ref, refusal=bare.reason
    )


def unwaived(result: GateResult) -> GateResult:
    """Return a verdict as the gate gave it."""
    if result.verdict is not GateVerdict.WAIVED:
        return result
    return msgspec.structs.replace(
        result, verdict=GateVerdict.FAILED, reason=result.refusal, waiver="", refusal=""
    )


def is_refused_but_waived(tx: Connection, found: Release, now: datetime) -> bool:
    """Tell whether waivers in force cover each gate that refused a release: it may be checked again."""
    if found.state is not ReleaseState.REFUSED:
        return False
    verdicts = {result.verdict for result in apply_waivers(tx, found.content, found.results, now)}
    return GateVerdict.FAILED not in verdicts


def check_waivers(tx: Connection, found: Release, now: datetime) -> None:
    """Hold the waivers that a release leans on, and refuse it when one holds no more.

    Raises
    ------
    Conflict
        It says which, and what ended it.
    """
    for result in found.results:
        if result.verdict is not GateVerdict.WAIVED:
            continue
        waiver = waivers.get(tx, result.waiver, lock=True)
        if not waiver.in_force(now):
            raise Conflict(
                f"the waiver of {result.gate} holds no more: {found.ref} can't go live by it",
                where=waiver.ref,
                why=waiver.end_reason or f"it ended at {written_end(waiver)}",
                hint=f"ask for a new one: meguru waiver request {found.ref} --gate {result.gate} …",
            )


def lock_waivers(tx: Connection, found: Release) -> list[Waiver]:
    """Hold the waivers that a release leans on, before any event is written, and return them."""
    return [waivers.get(tx, result.waiver, lock=True) for result in found.results if result.waiver]


def record_waivers(tx: Connection, found: Release) -> None:
    """Write down by which waivers a release goes live."""
    for waiver in lock_waivers(tx, found):
        waivers.save(tx, msgspec.structs.replace(waiver, used_by=found.ref))


def announce_expired(ctx: Context, found: Release) -> None:
    """Tell people of the waivers of a release that went live again after they had ended."""
    for waiver in found.waivers:
        if waiver.is_lapsed:
            event = emit_event(ctx, "waiver.expired", waiver)
            waivers.save(ctx.tx, msgspec.structs.replace(waiver, event=event.id))


def with_waivers(tx: Connection, found: list[Release]) -> list[Release]:
    """Return releases with the waivers that they lean on, as those are now."""
    leaning = [release for release in found if any(result.waiver for result in release.results)]
    if not leaning:
        return found
    ids = {result.waiver for release in leaning for result in release.results if result.waiver}
    known = {id: waivers.get(tx, id) for id in ids}
    return [
        msgspec.structs.replace(
            release, waivers=[known[result.waiver] for result in release.results if result.waiver]
        )
        for release in found
    ]


def subject(tx: Connection, ref: str, gate: str) -> WaiverSubject:
    """Return what a waiver of a release's gate is for (`waiver subject`).

    Raises
    ------
    NotFound
        If no gate of this name judged the release.
    Conflict
        If the gate did not refuse it, or there are several of the name.
    InvalidInput
        If the gate can't be waived.
    """
    release = store.get(tx, ref)
    if not release.results:
        raise Conflict(
            f"no gate has refused {release.ref}",
            where=release.ref,
            hint=f"meguru release check {release.ref}",
        )
    name, result, declared = _judged(release, gate)
    if declared is None or not is_waivable(declared):
        why = "it is asked of every release" if gate == FIRST else "it is declared with waivable = false"
        raise InvalidInput(f"{name} can't be waived", field="gate", why=why)
    if result.verdict is not GateVerdict.FAILED:
        raise Conflict(
            f"{name} did not refuse {release.ref}",
            where=release.ref,
            why=f"{result.verdict}: {result.reason}",
        )
    return WaiverSubject(
        release=release.ref,
        endpoint=release.endpoint,
        model=release.model,
        gate=name,
        declaration=declared,
        refusal=result.reason,
        inputs=_inputs(result),
        authors=[author.name for author in authors_of(tx, release, persons(tx))],
    )


def _judged(found: Release, gate: str) -> tuple[str, GateResult, dict[str, Any] | None]:
    counts: Counter[str] = Counter()
    named: dict[str, tuple[GateResult, dict[str, Any] | None]] = {}
    for result, declared in declared_with(found.content, found.results):
        counts[result.gate] += 1
        named[f"{result.gate}#{counts[result.gate]}"] = result, declared
    if "#" not in gate and counts[gate] > 1:
        refused = [name for name, (each, _) in named.items() if name.startswith(f"{gate}#") and _fails(each)]
        if len(refused) == 1:
            return refused[0], *named[refused[0]]
        raise Conflict(
            f"{counts[gate]} gates of {found.ref} are called {gate}",
            where=found.ref,
            hint=f"say which: --gate {(refused or [f'{gate}#1'])[0]}",
        )
    wanted = gate if "#" in gate else f"{gate}#1"
    if wanted not in named:
        names = [each.removesuffix("#1") if counts[each.partition("#")[0]] == 1 else each for each in named]
        raise NotFound.of("gate", gate, names)
    shown = gate if counts[gate.partition("#")[0]] > 1 else wanted.partition("#")[0]
    return shown, *named[wanted]


def _fails(result: GateResult) -> bool:
    return result.verdict is GateVerdict.FAILED


def _inputs(result: GateResult) -> dict[str, str]:
    """Return what a gate looked at; a model that it compared with is known by its version."""
    found = {part.ref: part.digest for part in result.inputs}
    against = result.numbers.get("against")
    return found | {str(against): ""} if against else found


def is_live(tx: Connection, ref: str) -> bool:
    """Tell whether a release is the live one of its endpoint (`waiver user`)."""
    live = endpoints.live(tx, refs.parse(ref, kind="release").name)
    return live is not None and live.release_ref == ref


def documents(tx: Connection, endpoint: str, model: str) -> list[ReleasePart]:
    """Return the waivers that were granted for a model version at an endpoint (`release document`)."""
    return [
        ReleasePart(ref=waiver.ref, digest=waiver.digest) for waiver in waivers.granted(tx, endpoint, model)
    ]
