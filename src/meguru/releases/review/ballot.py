"""Who decides by which right: what holds in the transaction of a decision."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from meguru.errors import Conflict, Forbidden
from meguru.governance.log_time import log_clock
from meguru.governance.persons import Persons, persons
from meguru.governance.release_policies.store import applicable_policies
from meguru.governance.rights import read_table
from meguru.governance.token_makers import check_token
from meguru.kernel.operations import Context
from meguru.releases.review.rights import APPROVE, Reviewers
from meguru.releases.review.standing import standing_of
from meguru.releases.review.types import DecisionState, JudgedDecision, ReviewDecision, ReviewStanding
from meguru.releases.types import Release, ReleasePart


class Ballot(NamedTuple):
    """What a decision is made from, held in its transaction."""

    release: Release
    standing: ReviewStanding
    who: Persons
    account: str
    rights: list[str]
    at: datetime
    policies: list[ReleasePart]


def ballot_of(ctx: Context, found: Release, account: str, decision: ReviewDecision) -> Ballot:
    """Return what a decision of an account is made from; refuse one that is not theirs to make."""
    who, standing = persons(ctx.tx), standing_of(ctx.tx, found, ctx.now())
    at, _ = log_clock(ctx.tx, ctx.now())
    # Clocks of servers differ: a decision must not be dated before the check that it is about.
    if found.checked_at is not None:
        at = max(at, found.checked_at)
    person = who.of(account)
    for author in standing.authors:
        if author.person == person:
            same = "" if author.name == account else f" is the same person as {author.name}, who"
            raise Forbidden(
                f"{account} may not decide about {found.ref}",
                where=found.ref,
                why=f"{account}{same} {author.part}: it asks for another pair of eyes",
            )
    check_token(
        ctx.tx,
        ctx.principal.token,
        {release_author.person: release_author.part for release_author in standing.authors},
        who,
    )
    rights = _rights(ctx, found, standing, who, account, at, decision)
    parts = [
        ReleasePart(ref=policy_standing.policy, digest=policy_standing.digest)
        for policy_standing in standing.policies
    ]
    return Ballot(found, standing, who, account, rights, at, parts)


def _rights(
    ctx: Context, found: Release, standing: ReviewStanding, who: Persons, account: str, at: datetime,
    decision: ReviewDecision,
) -> list[str]:  # fmt: skip
    """Return by which rights an account decides; refuse one whose turn it is not."""
    reviewers = Reviewers(ctx.tx, read_table(ctx.tx), found.endpoint)
    if fault := reviewers.fault(account, at):
        raise Forbidden(f"{account} may not decide about {found.ref}", where=found.ref, why=fault)
    if decision is ReviewDecision.SIGNED:
        if standing.glass and who.of(standing.glass.by) == who.of(account):
            why = f"{standing.glass.by} broke the glass: others sign"
            raise Forbidden(f"{account} may not sign for {found.ref}", where=found.ref, why=why)
        return [APPROVE]
    if decision is ReviewDecision.REFUSED:
        asked = [
            (release_policy.ref, stage.name, stage.right)
            for release_policy in applicable_policies(ctx.tx, found.endpoint)
            for stage in release_policy.spec.order
        ]
        why = "no policy asks for a right that they have"
    else:
        turns = [
            (
                policy_standing.policy,
                next(
                    (
                        stage_standing
                        for stage_standing in policy_standing.stages
                        if not stage_standing.is_complete
                    ),
                    None,
                ),
            )
            for policy_standing in standing.policies
            if who.of(account)
            not in {who.of(name) for stage_standing in policy_standing.stages for name in stage_standing.by}
        ]
        asked = [(policy, one.name, one.right) for policy, one in turns if one]
        if not asked:
            return []  # enough people agreed, or they did: one more does no harm
        why = f"now those are asked who hold {asked[0][2]} ({asked[0][1]})"
    held = [f"{ref}: {name}: {right}" for ref, name, right in asked if reviewers.may(account, right, at)]
    if not held:
        raise Forbidden(f"{account} may not decide about {found.ref} now", where=found.ref, why=why)
    return held


def known_of(ballot: Ballot, decision: ReviewDecision) -> JudgedDecision | None:
    """Return the decision that a person made already, and that counts.

    Raises
    ------
    Conflict
        If they said the opposite.
    """
    person = ballot.who.of(ballot.account)
    mine = [
        each
        for each in ballot.standing.decisions
        if each.state is DecisionState.VALID and ballot.who.of(each.principal) == person
    ]
    for judged_decision in mine:
        if judged_decision.decision is ReviewDecision.REFUSED and decision is not ReviewDecision.REFUSED:
            raise Conflict(
                f"{judged_decision.principal} refused {ballot.release.ref}",
                where=ballot.release.ref,
                why="a refusal is final for what it was said of",
                hint="change what was refused, and ask for another review",
            )
        # Where it is their turn only by now, what they said before did not count: they say it again.
        if judged_decision.decision is decision and not (
            decision is ReviewDecision.APPROVED and ballot.rights
        ):
            return judged_decision
    return None
