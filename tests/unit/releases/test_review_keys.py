"""Keys that sign what people decide of releases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meguru.errors import Conflict, Forbidden
from meguru.governance.release_policies.kind import ReleasePolicySpec
from meguru.governance.signing_keys import operations as keys
from meguru.releases import operations as releases

pytest_plugins = ["meguru.testing.fixtures"]
TWO = ReleasePolicySpec(approvals=2)


def test_a_key_of_ones_own_signs_here_and_each_statement_counts_once(team):
    team.policy(TWO)
    made, key = team.asked(), team.own_key("ana")
    envelope = team.signed(team.ana, key, made, note="fine")
    with pytest.raises(Forbidden, match="another's"):
        releases.approve(team.ben, release=made, note="fine", envelope=envelope)
    with pytest.raises(Conflict, match="not what there is to decide") as other:
        releases.approve(team.ana, release=made, note="else", envelope=envelope)
    assert "note" in other.value.why
    kept = releases.approve(team.ws, release=made, note="fine", envelope=envelope)
    assert (kept.principal, kept.own_key, kept.key) == ("ana", True, key.public.id)
    releases.withdraw(team.ana, release=made)
    with pytest.raises(Conflict, match="handed in before"):
        releases.approve(team.ana, release=made, note="fine", envelope=envelope)
    stale = team.signed(team.ana, key, made)
    team.clock.set(team.start + timedelta(minutes=11))
    with pytest.raises(Conflict, match="not of now"):
        releases.approve(team.ana, release=made, envelope=stale)


def test_a_revoked_key_counts_by_when_it_was_revoked(team):
    team.policy(ReleasePolicySpec())
    made, key = team.asked(), team.own_key("ana")
    team.clock.set(team.start + timedelta(minutes=5))
    releases.approve(team.ana, release=made, envelope=team.signed(team.ana, key, made))
    team.clock.set(team.start + timedelta(hours=1))
    keys.revoke(team.ana, id=key.public.id, reason="lost", since=team.start + timedelta(minutes=30))
    assert team.states(made) == [("ana", "valid")]
    keys.revoke(team.ana, id=key.public.id, reason="lost before", since=team.start + timedelta(minutes=1))
    assert team.states(made) == [("ana", "void")]
    again = team.signed(team.ana, key, made, note="again")
    with pytest.raises(Forbidden, match="signs nothing here") as refused:
        releases.approve(team.ana, release=made, note="again", envelope=again)
    assert "lost before" in refused.value.why
