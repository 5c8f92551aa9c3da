"""Break the glass: put a release live in an emergency, before people agreed; they sign afterwards."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from meguru.base import digests
from meguru.base.durations import seconds
from meguru.errors import ApprovalMissing, Conflict, Forbidden, InvalidInput
from meguru.governance.log_time import log_clock
from meguru.governance.persons import persons
from meguru.governance.signing_keys.server import server_key
from meguru.governance.signing_keys.statements import predicate_type
from meguru.governance.token_makers import check_token
from meguru.kernel.operations import Context, operation
from meguru.releases.promote import go_live, lock_promotable
from meguru.releases.review import store
from meguru.releases.review.authors import authors_of
from meguru.releases.review.decide import MAX_NOTE
from meguru.releases.review.parts import parts_now
from meguru.releases.review.policy_history import policies_of
from meguru.releases.review.standing import standing_of
from meguru.releases.review.types import BrokenGlass, DecisionState, ReviewDecision
from meguru.releases.types import Release, ReleaseState
from meguru.signing.statement import Statement, StatementSubject

PERSONS = {"user", "owner"}


@operation("release.break_glass", permission="release:break_glass", on="release")
def break_glass(ctx: Context, *, release: str, reason: str) -> Release:
    """Put a release live now, whatever its policies still ask of people and hours; others sign afterwards.

    Its gates must have let it pass, and nobody may have refused it. It is always told, as critical, until as
    many people as the policies say have signed: none who had a part in it, nor who broke the glass.

    Raises
    ------
    ApprovalMissing
        If somebody refused it: that is final.
    Conflict
        If nothing lacks, or it can't go live as it is.
    """
    said = reason.strip()
    if not said or len(said) > MAX_NOTE:
        raise InvalidInput("why is the glass broken?", field="reason", hint="say it in a sentence")
    if ctx.principal.kind not in PERSONS:
        raise Forbidden(f"{ctx.principal.name} may not break the glass", why="it is no person")
    check_token(ctx.tx, ctx.principal.token, {}, persons(ctx.tx))
    found = lock_promotable(ctx, release)
    standing = standing_of(ctx.tx, found, ctx.now())
    if found.state is ReleaseState.LIVE or not standing.lacks:
        what = "is live already" if found.state is ReleaseState.LIVE else "lacks nothing"
        hint = f"meguru release promote {found.endpoint}@{found.version}"
        raise Conflict(f"{found.ref} {what}: there is no glass to break", where=found.ref, hint=hint)
    for judged_decision in standing.decisions:
        if (
            judged_decision.decision is ReviewDecision.REFUSED
            and judged_decision.state is DecisionState.VALID
        ):
            raise ApprovalMissing(
                f"{judged_decision.principal} refused {found.ref}",
                where=found.ref,
                why=f"{judged_decision.note}; a refusal is final for what it was said of",
                hint=f"go back instead: meguru release rollback {found.endpoint}",
            )
    return _broken(ctx, found, said, standing.lacks)


def _broken(ctx: Context, found: Release, reason: str, lacked: list[str]) -> Release:
    known = persons(ctx.tx)
    asked_by = policies_of(ctx.tx, found, authors_of(ctx.tx, found, known), known)
    people = max(policy.spec.breakglass for policy in asked_by)
    within = min(
        seconds(policy.spec.breakglass_within, field="breakglass_within") or 0.0 for policy in asked_by
    )
    key, (at, _) = server_key(ctx.ws, ctx.tx), log_clock(ctx.tx, ctx.now())
    who, due = ctx.principal.name, at + timedelta(seconds=within)
    said = {
        "release": found.ref, "digest": found.digest, "principal": who, "reason": reason, "when": at,
        "lacked": lacked, "policies": [policy.ref for policy in asked_by],
        "people": people, "due": due,
    }  # fmt: skip
    statement = Statement(
        subject=[StatementSubject(name=found.ref, digest={"sha256": found.digest})],
        predicate_type=predicate_type("break-glass"),
        predicate=msgspec.json.decode(digests.canonical(said)),
    )
    told = ctx.emit(
        "release.glass_broken",
        found.ref,
        data={
            "endpoint": found.content.endpoint,
            "model": found.model,
            "digest": found.digest,
            "by": who,
            "reason": reason,
            "lacked": lacked,
            "people": people,
            "due": due,
        },
        used=[found.ref],
        cause=found.checked_event,
    )
    glass = BrokenGlass(
        endpoint=found.endpoint,
        version=found.version,
        digest=found.digest,
        at=at,
        by=who,
        person=known.of(who),
        reason=reason,
        missing=lacked,
        people=people,
        due_at=due,
        event=told.id,
        envelope=msgspec.json.encode(statement.signed(key)).decode(),
    )
    store.add_glass(ctx.tx, glass)
    request = store.request_of(ctx.tx, found.endpoint, found.version)
    if request:
        store.keep_parts(ctx.tx, request, parts_now(ctx.tx, found))
    return go_live(ctx, found, reason=f"the glass was broken: {reason}", cause=told.id)
