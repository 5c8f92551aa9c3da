"""What reviewers see and do: one release, and what waits for people."""

from __future__ import annotations

from urllib.parse import quote

import msgspec
from starlette.responses import Response

from meguru.base import refs
from meguru.base.text import mark
from meguru.console.forms import FormFunction, FormValues, unknown
from meguru.console.page_request import PageFunction, Visit
from meguru.governance.release_policies.show import list_policies
from meguru.governance.waivers.show import list_waivers
from meguru.releases.operations import (
    approve,
    awaiting,
    break_glass,
    check,
    promote,
    refuse,
    request,
    review,
    withdraw,
)
from meguru.releases.review.show import ReleaseReview
from meguru.releases.review.types import DecisionState, ReviewDecision
from meguru.releases.types import Release, ReleaseState

WINDOW = 100
LIVE = "release. release_policy. endpoint. waiver. principal. signing_key."
_VERBS = ("approve", "refuse", "withdraw", "check", "request", "promote", "break_glass")
_LINES = {"+": "add", "-": "gone", "@": "soft"}


class ReviewActions(msgspec.Struct, frozen=True, kw_only=True):
    """What the reader may do about a release; `why_not` says why they may not decide."""

    decide: bool
    sign: bool
    withdraw: bool
    ask: bool
    promote: bool
    glass: bool
    why_not: str = ""


def listing(visit: Visit) -> Response:
    """Show the releases that wait for people, those longest first, and what is asked of releases."""
    may = visit.ws.principal.allows_somewhere("release_policy:read")
    policies = list_policies(visit.ws) if may else []
    return visit.render(
        "reviews.html", reviews=awaiting(visit.ws, limit=WINDOW), policies=policies, live=LIVE
    )


def one(visit: Visit) -> Response:
    """Show the review of one release."""
    release_review = review(visit.ws, release=_ref(visit))
    return visit.render(
        "review.html",
        found=release_review,
        content=release_review.content,
        standing=release_review.standing,
        actions=_actions(visit, release_review),
        line_class=lambda line: "" if line.startswith(("+++", "---")) else _LINES.get(line[:1], ""),
        live=LIVE,
    )


def change(visit: Visit, given: FormValues) -> str:
    """Do what a form of a review asks for."""
    ref, note, saw = _ref(visit), given.get("note", ""), given.get("saw", "")
    match given.get("do", ""):
        case "approve":
            approve(visit.ws, release=ref, note=note, saw=saw)
        case "refuse":
            refuse(visit.ws, release=ref, note=note, saw=saw)
        case "withdraw":
            withdraw(visit.ws, release=ref, note=note)
        case "check":
            check(visit.ws, release=ref)
        case "request":
            request(visit.ws, release=ref, note=note)
        case "promote":
            promote(visit.ws, release=ref, reason=note)
        case "break_glass":
            break_glass(visit.ws, release=ref, reason=note)
        case _:
            raise unknown(given, _VERBS)
    return f"../{quote(visit.named('version'), safe='')}"


def _is_waived(visit: Visit, release: Release) -> bool:
    """Tell whether a waiver was granted for what refused a release: it may be checked again then."""
    if not visit.ws.principal.allows("waiver:read", refs.project_of(release.endpoint)):
        return False
    asked = {"endpoint": release.endpoint, "model": release.model, "state": "granted"}
    return bool(list_waivers(visit.ws, **asked, limit=1).items)


def _ref(visit: Visit) -> str:
    return f"release/{visit.full('name')}@{visit.named('version')}"


def _actions(visit: Visit, found: ReleaseReview) -> ReviewActions:
    me, release, standing = visit.ws.principal, found.release, found.standing
    project = refs.project_of(release.endpoint)
    passed, asked = release.state is ReleaseState.PASSED, standing.requested_at is not None
    author = next(
        (release_author for release_author in standing.authors if release_author.name == me.name), None
    )
    own = [decision for decision in standing.decisions if decision.principal == me.name]
    mine = [decision for decision in own if decision.state is DecisionState.VALID]
    may = me.allows("release:approve", project) and me.kind == "user"
    given = any(judged_decision.decision is ReviewDecision.APPROVED for judged_decision in mine)
    why_not = ""
    if author is not None:
        why_not = visit.text(mark("You {part}: another pair of eyes decides."), part=author.part)
    elif not may:
        why_not = visit.text(mark("You may not decide about releases here."))
    elif standing.changes:
        why_not = visit.text(mark("Something changed since it was checked: have it checked again."))
    free = may and author is None
    glass = standing.glass
    return ReviewActions(
        decide=free and passed and asked and not standing.changes,
        sign=free and glass is not None and glass.left > 0 and glass.by != me.name,
        withdraw=passed and given,
        ask=(release.state is ReleaseState.REFUSED and _is_waived(visit, release))
        or (
            release.state in {ReleaseState.PASSED, ReleaseState.CREATED, ReleaseState.UNDECIDED}
            and me.allows("release:write", project)
            and (not asked or bool(standing.changes))
        ),
        promote=passed
        and not standing.lacks
        and not standing.changes
        and me.allows("release:promote", project),
        glass=passed and bool(standing.lacks) and me.allows("release:break_glass", project),
        why_not=why_not if passed and asked else "",
    )


FORMS: dict[str, FormFunction] = {"/ui/releases/{name}/{version}/edit": change}
PAGES: dict[str, PageFunction] = {"/ui/reviews": listing, "/ui/releases/{name}/{version}": one}
