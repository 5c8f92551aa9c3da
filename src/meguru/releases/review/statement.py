"""The statement that somebody signs who decides about a release, and how a signed one is read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from meguru.base import digests
from meguru.errors import Conflict, InvalidInput
from meguru.governance.signing_keys.statements import predicate_type
from meguru.governance.signing_keys.store import find as find_key
from meguru.governance.signing_keys.types import SigningKeyRecord
from meguru.kernel.operations import Context
from meguru.releases.review.types import ReviewDecision
from meguru.releases.types import Release, ReleasePart
from meguru.signing import dsse
from meguru.signing.keys import PublicKey
from meguru.signing.statement import Statement, StatementSubject, read_statement

MAX_AGE = timedelta(minutes=10)
"""So long after it was asked for a statement may be signed."""
MAX_ENVELOPE, MAX_SIGNATURES = 64 << 10, 5
"""An envelope is a stranger's text until a key is found: so many characters, and so many keys are tried."""
_NAMES = {
    ReviewDecision.APPROVED: "approval",
    ReviewDecision.SIGNED: "approval",
    ReviewDecision.REFUSED: "refusal",
}


class ReviewPredicate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said of a release's digest: by whom, by which right, under which policies, after seeing what.

    `when` is the moment at which the statement was asked for; `saw` the digest of what the review page shows.
    `id` makes each one another, so that none counts twice.
    """

    id: str
    decision: ReviewDecision
    principal: str
    person: str
    rights: list[str]
    note: str
    when: datetime
    release: str
    digest: str
    policies: list[ReleasePart]
    saw: str


def statement_of(release: Release, predicate: ReviewPredicate) -> Statement:
    """Return the statement about a release's digest."""
    subjects = [StatementSubject(name=release.ref, digest={"sha256": release.digest})]
    return Statement(
        subject=subjects,
        predicate_type=predicate_type(_NAMES[predicate.decision]),
        predicate=msgspec.to_builtins(predicate),
    )


def read_signed(ctx: Context, text: str) -> tuple[ReviewPredicate, SigningKeyRecord, Statement]:
    """Return what somebody signed and with which key of theirs that is known here.

    Raises
    ------
    InvalidInput
        If it is no such statement, or none of the keys that are known here signed it.
    """
    if len(text) > MAX_ENVELOPE:
        raise InvalidInput(
            "the envelope is too long", field="envelope", why=f"up to {MAX_ENVELOPE} characters"
        )
    envelope = dsse.read(text)
    statement = read_statement(envelope)
    for signature in envelope.signatures[:MAX_SIGNATURES]:
        key = find_key(ctx.tx, signature.keyid)
        if key is not None and key.is_person and dsse.signers(envelope, [PublicKey.read(key.public)]):
            return _predicate(statement), key, statement
    raise InvalidInput(
        "no key that is known here signed this",
        field="envelope",
        hint="add your key first: meguru key add",
    )


def _predicate(statement: Statement) -> ReviewPredicate:
    try:
        return msgspec.convert(statement.predicate, ReviewPredicate)
    except msgspec.ValidationError as error:
        raise InvalidInput("this statement is about no review", field="envelope", why=str(error)) from error


def check_signed(signed: Statement, expected: Statement, at: datetime) -> None:
    """Refuse what was signed unless it says what holds now, and was asked for a short while ago.

    Parameters
    ----------
    signed
        What is in the envelope.
    expected
        What would be signed now, with the `id` and `when` of the envelope.
    at
        The log's time.

    Raises
    ------
    Conflict
        It names what differs.
    """
    when = datetime.fromisoformat(str(signed.predicate["when"]))
    # Both ways: the signer's clock may be ahead, and a statement dated far ahead could be handed in much
    # later.
    if when.tzinfo is None or not -MAX_AGE <= at - when <= MAX_AGE:
        raise Conflict(
            "what was signed is not of now",
            why=f"it is dated {when.isoformat()}, and it is {at.isoformat()} here",
            hint="ask for the statement and sign it again; look at both clocks",
        )
    differs = _differing(signed, expected)
    if differs:
        raise Conflict(
            "what was signed is not what there is to decide about",
            why=f"it differs in: {', '.join(differs)}",
            hint="look at the review again, and sign anew",
        )


def _differing(signed: Statement, expected: Statement) -> list[str]:
    one, other = _plain(signed), _plain(expected)
    fields = {**one["predicate"], **other["predicate"]}
    found = [name for name in fields if one["predicate"].get(name) != other["predicate"].get(name)]
    rest = [name for name in one if name != "predicate" and one[name] != other[name]]
    return [*rest, *found]


def _plain(statement: Statement) -> Mapping[str, Any]:
    plain: Mapping[str, Any] = msgspec.json.decode(digests.canonical(statement))
    return plain
