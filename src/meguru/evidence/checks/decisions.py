"""People signed this very digest, with keys that were theirs and good, and as many as its policies asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from meguru.evidence.checks.pack import CheckedPack, SignedLine, fault
from meguru.evidence.types import ATTESTATIONS, EVENTS, PackFault
from meguru.governance.signing_keys.types import SERVER

_DECIDED = {"approval", "refusal"}
_TOLD = {"release.approved", "release.review_refused", "release.glass_answered"}


def check(pack: CheckedPack) -> Iterator[PackFault]:
    """Tell of decisions that nobody gave so, and of policies that were not answered."""
    lines = [statement for statement in pack.statements if statement.name in _DECIDED]
    reviews = pack.named("review")
    # What counts for nothing may be under a key that is good for nothing.
    counted = {
        each["id"]
        for review in reviews
        for each in review.statement.predicate["decisions"]
        if each["state"] == "valid"
    }
    for line in lines:
        yield from _check_signature(pack, line, counts=line.statement.predicate.get("id") in counted)
    yield from _check_complete(pack, lines)
    if len(reviews) > 1 or (lines and not reviews):
        yield fault(ATTESTATIONS, f"{len(reviews)} statements of review, where one is due")
    for review in reviews:
        yield from _check_policies(pack, review, lines)


def _check_complete(pack: CheckedPack, lines: list[SignedLine]) -> Iterator[PackFault]:
    known = {line.statement.predicate.get("id") for line in lines}
    for place, event in pack.events:
        is_told = event.get("type") in _TOLD and event.get("subject") == pack.manifest.release
        if is_told and event["data"]["approval"] not in known:
            yield fault(place, f"what {event['data'].get('by')} decided, as it tells, is not in the pack")


def _check_signature(pack: CheckedPack, line: SignedLine, *, counts: bool) -> Iterator[PackFault]:
    said, release = line.statement.predicate, pack.manifest.release
    about = [(subject.name, subject.digest) for subject in line.statement.subject]
    if about != [(said.get("release"), {"sha256": said.get("digest")})] or said.get("release") != release:
        yield fault(line.place, f"it is not about {release}, or about two digests")
    told = [
        event
        for _, event in pack.events
        if event.get("type") in _TOLD and event.get("data", {}).get("approval") == said.get("id")
    ]
    if len(told) != 1:
        yield fault(line.place, f"{len(told)} events in {EVENTS} tell of it, where one is due")
        return
    data, when = told[0]["data"], datetime.fromisoformat(told[0]["at"])
    for name in ("digest", "note", "person", "rights"):
        if data.get(name) != said.get(name):
            yield fault(line.place, f"{name} is not what event {told[0]['seq']} tells")
    if data.get("by") != said.get("principal"):
        yield fault(line.place, f"event {told[0]['seq']} tells of another person")
    for key in line.signers:
        if key.owner_kind != SERVER and key.owner != said.get("principal"):
            yield fault(line.place, f"it is signed by {key.owner}, and speaks for {said.get('principal')}")
        if key.owner_kind == "service":
            yield fault(line.place, f"{key.owner} is a service: its key is no person's")
        if counts and (why := key.fault_at(when)):
            yield fault(line.place, f"when it was signed, {why}")


def _check_policies(pack: CheckedPack, review: SignedLine, lines: list[SignedLine]) -> Iterator[PackFault]:
    said, digest = review.statement.predicate, pack.manifest.digest
    signed_lines = {line.statement.predicate["id"]: line for line in lines}
    for each in said["decisions"]:
        if each["id"] not in signed_lines:
            yield fault(review.place, f"the decision {each['id']} of {each['principal']} is not in the pack")
    valid = [
        signed_lines[each["id"]].statement.predicate
        for each in said["decisions"]
        if each["state"] == "valid" and each["decision"] == "approved" and each["id"] in signed_lines
    ]
    yield from _check_digest(review, valid, digest)
    authors = {each["person"] for each in said["authors"]}
    for each in valid:
        if each["person"] in authors:
            yield fault(review.place, f"{each['person']} had a part in making it, and approved it")
    promoted = any(
        event["type"] == "release.promoted" and event["subject"] == pack.manifest.release
        for _, event in pack.events
    )
    if not promoted or said["broken_glass"]:
        return
    for policy in said["policies"]:
        # Counted only where all agreed to the policy as it is: one that was changed since asked something
        # else then.
        if valid and all(
            {"ref": policy["policy"], "digest": policy["digest"]} in each["policies"] for each in valid
        ):
            yield from _check_count(review, policy, valid)


def _check_digest(review: SignedLine, valid: list[Any], digest: str) -> Iterator[PackFault]:
    for each in valid:
        if each["digest"] != digest:
            yield fault(review.place, f"the approval of {each['principal']} is of another digest")


def _check_count(review: SignedLine, policy: dict[str, Any], valid: list[Any]) -> Iterator[PackFault]:
    """Count who agreed at each stage: a person once, by a right that their signed words name."""
    for stage in policy["stages"]:
        right = f"{policy['policy']}: {stage['name']}: {stage['right']}"
        people = {each["person"] for each in valid if right in each["rights"]}
        if len(people) < stage["wanted"]:
            what = f"{policy['policy']} asks {stage['wanted']} for {stage['name']}, and {len(people)} agreed"
            yield fault(review.place, what)
