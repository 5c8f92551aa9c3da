"""What people decided is in a release's evidence as they signed it, and holds without the workspace."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, update

from meguru.evidence.export import export
from meguru.evidence.types import ATTESTATIONS
from meguru.evidence.verify import verify_pack
from meguru.governance.release_policies.kind import ReleasePolicySpec
from meguru.governance.signing_keys import operations as keys
from meguru.governance.signing_keys.schema import signing_key
from meguru.releases import operations as releases
from meguru.releases.review.schema import release_approval
from meguru.testing.forged_packs import forged, restated

TWO = ReleasePolicySpec(approvals=2)


def live(team):
    """Put a release live that ana approved with a key of her own, and ben by the server's."""
    team.policy(TWO)
    made, key = team.asked(), team.own_key("ana")
    team.clock.set(team.start + timedelta(minutes=5))
    releases.approve(team.ana, release=made, note="ok", envelope=team.signed(team.ana, key, made, note="ok"))
    releases.approve(team.ben, release=made)
    releases.promote(team.ws, release=made)
    return made, key


def faults(data):
    return [f"{each.place}: {each.what}" for each in verify_pack(data).faults]


def test_approvals_are_in_it_as_people_signed_them_and_a_forged_one_is_told(team):
    made, key = live(team)
    data = export(team.ws, release=made).data
    found = verify_pack(data)
    assert found.faults == []
    assert (found.statements["approval"], found.statements["review"]) == (2, 1)

    def without_anas(parts):
        lines = parts[ATTESTATIONS].splitlines(keepends=True)
        parts[ATTESTATIONS] = b"".join(line for line in lines if key.public.id.encode() not in line)

    assert any("of ana is not in the pack" in each for each in faults(forged(data, without_anas)))
    words = faults(
        forged(data, lambda parts: restated(parts, "approval", lambda said: said.update(note="no")))
    )
    assert any("note is not what event" in each for each in words)
    words = faults(
        forged(data, lambda parts: restated(parts, "approval", lambda said: said.update(person="ana")))
    )
    assert any("person is not what event" in each for each in words)
    ben = {"name": "ben", "person": "ben", "part": "trained it"}
    words = faults(
        forged(data, lambda parts: restated(parts, "review", lambda said: said["authors"].append(ben)))
    )
    assert any("ben had a part in making it, and approved it" in each for each in words)


def test_a_key_that_was_lost_before_it_signed_leaves_one_approval_too_few(team):
    made, key = live(team)
    team.clock.set(team.start + timedelta(hours=1))
    keys.revoke(team.ana, id=key.public.id, reason="lost", since=team.start + timedelta(minutes=10))
    assert faults(export(team.ws, release=made).data) == []
    keys.revoke(team.ana, id=key.public.id, reason="lost before", since=team.start + timedelta(minutes=1))
    assert ["asks 2" in each for each in faults(export(team.ws, release=made).data)] == [True]


def test_a_release_that_waits_has_evidence_of_what_was_said_by_now(team):
    team.policy(TWO)
    made = team.asked()
    releases.approve(team.ana, release=made)
    releases.refuse(team.ben, release=made, note="not yet")
    found = verify_pack(export(team.ws, release=made).data)
    assert found.faults == []
    assert (found.statements["approval"], found.statements["refusal"]) == (1, 1)


def test_what_is_changed_in_the_tables_alone_contradicts_the_log(team):
    made, key = live(team)
    keys.revoke(team.ana, id=key.public.id, reason="lost", since=team.start + timedelta(minutes=1))
    with team.ws.db.write() as tx:
        tx.execute(update(signing_key).where(signing_key.c.id == key.public.id).values(revoked_at=None))
    assert any("does not say that key" in each for each in faults(export(team.ws, release=made).data))
    with team.ws.db.write() as tx:
        tx.execute(update(signing_key).where(signing_key.c.id == key.public.id).values(owner="cal"))
    assert any("says otherwise whose key" in each for each in faults(export(team.ws, release=made).data))
    with team.ws.db.write() as tx:
        tx.execute(delete(release_approval).where(release_approval.c.principal == "ben"))
    words = faults(export(team.ws, release=made).data)
    assert any("what ben decided, as it tells, is not in the pack" in each for each in words)
