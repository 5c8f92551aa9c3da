"""Reviews of releases: who may agree, what voids it, what a promotion asks."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import update

from meguru.alerts.event_rules import about_of
from meguru.app.jobs import HANDLERS
from meguru.datasets.remove import remove
from meguru.errors import ApprovalMissing, Conflict, Forbidden, InvalidInput, NotFound
from meguru.governance.groups.kind import GroupSpec
from meguru.governance.groups.operations import specs as groups
from meguru.governance.kind import PrincipalSpec
from meguru.governance.operations import specs as principals
from meguru.governance.principals import create_principal, set_role
from meguru.governance.release_policies.kind import PolicyFreeze, ReleasePolicySpec, ReviewStage
from meguru.governance.release_policies.operations import specs as policies
from meguru.governance.signing_keys import operations as keys
from meguru.governance.tokens import create_token
from meguru.kernel import jobs
from meguru.kernel.jobs import Worker
from meguru.kernel.operations import Operation
from meguru.registry.client import add_model
from meguru.registry.operations import alias
from meguru.releases import operations as releases
from meguru.releases import store
from meguru.releases.diff import plain_text
from meguru.releases.review.follow import ReviewKeeper
from meguru.releases.review.schema import release_approval
from meguru.releases.review.standing import standing_of
from meguru.releases.types import ReleaseState
from meguru.serving import operations as endpoints
from meguru.serving.kind import EndpointSpec
from meguru.signing import dsse
from meguru.signing.keys import PublicKey
from meguru.signing.statement import read_statement
from meguru.testing.models import make_model

pytest_plugins = ["meguru.testing.fixtures"]
GOLDEN = {"gate": "metric", "metric": "auc", "value": 0.5, "golden": "dataset/golden@1", "label": "late"}
TWO = ReleasePolicySpec(approvals=2)


def test_two_distinct_people_put_a_release_live(team):
    team.policy(TWO)
    made = releases.create(team.ws, endpoint="delay", model="delay@1")
    releases.check(team.ws, release=made.ref)
    assert "2 of 2 approvals lack" in team.refused(made.ref)
    with pytest.raises(Conflict, match="nobody asked"):
        releases.approve(team.ana, release=made.ref)
    releases.request(team.ws, release=made.ref)
    first = releases.approve(team.ana, release=made.ref, note="ok")
    assert releases.approve(team.ana, release=made.ref) == first
    assert "1 of 2 approvals lack" in team.refused(made.ref)
    releases.approve(team.ben, release=made.ref)
    assert releases.promote(team.ws, release=made.ref).state is ReleaseState.LIVE
    assert team.states(made.ref) == [("ana", "valid"), ("ben", "valid")]
    assert team.told("release.approved").data["lacks"] == 0


def test_an_approval_is_a_signed_statement_over_the_digest_and_kept_whole(team):
    team.policy(ReleasePolicySpec())
    made = team.asked()
    releases.approve(team.ana, release=made, note="looked at it")
    with team.ws.read() as tx:
        (kept,) = standing_of(tx, store.get(tx, made), team.clock.now()).decisions
    envelope = dsse.read(msgspec.json.encode(kept.envelope))
    (server,) = keys.list_keys(team.ws, owner="")
    assert dsse.signers(envelope, [PublicKey.read(server.public)])
    said = read_statement(envelope)
    assert said.subject[0].digest == {"sha256": releases.show(team.ws, ref=made).digest}
    assert said.predicate["principal"] == "ana"
    assert said.predicate["note"] == "looked at it"
    assert said.predicate["saw"] == releases.review(team.ws, release=made).saw
    assert said.predicate["policies"][0]["ref"] == "release_policy/production"


@pytest.mark.parametrize("what", ["policy", "gates", "golden", "champion", "again"])
def test_whatever_changes_under_the_digest_voids_an_approval(team, what):
    team.policy(ReleasePolicySpec())
    made = team.asked()
    releases.approve(team.ana, release=made)
    match what:
        case "policy":
            team.policy(ReleasePolicySpec(expires="30d"))
            wanted = ("release_policy/production expires", "", "30d")
        case "gates":
            endpoints.specs.declare(team.ws, name="delay", spec=EndpointSpec(model="delay"))
            wanted = ("policy 1", plain_text(GOLDEN), "")
        case "golden":
            remove(team.ws, ref="dataset/golden@1", force=True)
            wanted = ("dataset/golden@1 of gate 2 metric", None, "is not there any more")
        case "champion":
            team.policy(ReleasePolicySpec(endpoints=["nothing"]))
            other = releases.create(team.ws, endpoint="delay", model="delay@2")
            releases.check(team.ws, release=other.ref)
            releases.promote(team.ws, release=other.ref)
            team.policy(ReleasePolicySpec())
            wanted = None
        case "again":
            team.policy(ReleasePolicySpec(gates=[{"gate": "size", "at_most_mb": 100}]))
            releases.check(team.ws, release=made)
            wanted = None
    ((_, state),) = team.states(made)
    (kept,) = team.standing(made).decisions
    assert state == "void"
    assert kept.changes
    if wanted:
        (change,) = [each for each in kept.changes if each.part == wanted[0]]
        assert change.before == (change.before if wanted[1] is None else wanted[1])
        assert change.after == wanted[2]
    with pytest.raises((ApprovalMissing, Conflict)):
        releases.promote(team.ws, release=made)


def test_checked_again_what_differs_needs_new_approvals_and_the_old_stay_visible(team):
    team.policy(ReleasePolicySpec())
    made = team.asked()
    releases.approve(team.ana, release=made)
    team.policy(ReleasePolicySpec(gates=[{"gate": "size", "at_most_mb": 100}]))
    releases.check(team.ws, release=made)
    releases.request(team.ws, release=made)
    assert "1 of 1 approvals lack" in team.refused(made)
    releases.approve(team.ana, release=made)
    assert team.states(made) == [("ana", "void"), ("ana", "valid")]
    assert releases.promote(team.ws, release=made).state is ReleaseState.LIVE


def test_checked_again_what_is_the_same_keeps_its_approvals(team):
    team.policy(ReleasePolicySpec())
    made = team.asked()
    releases.approve(team.ana, release=made)
    team.clock.move(timedelta(hours=1))
    releases.check(team.ws, release=made)
    assert team.states(made) == [("ana", "valid")]


def test_an_approval_whose_row_is_dated_otherwise_counts_no_more(team):
    team.policy(ReleasePolicySpec())
    made = team.asked()
    releases.approve(team.ana, release=made)
    for moved, why in ((timedelta(days=400), "still to come"), (-timedelta(days=1), "put together")):
        with team.ws.db.write() as tx:
            tx.execute(update(release_approval).values(at=team.start + moved))
        assert why in team.refused(made)


def test_an_author_approves_by_no_account_of_theirs(team):
    team.policy(ReleasePolicySpec())
    made = releases.create(team.ana, endpoint="delay", model="delay@1")
    releases.check(team.ws, release=made.ref)
    releases.request(team.ws, release=made.ref)
    with pytest.raises(Forbidden, match="may not decide") as own:
        releases.approve(team.ana, release=made.ref)
    assert "put release/delay@2 together" in own.value.why
    principals.declare(team.ws, name="ben", spec=PrincipalSpec(role="engineer", person="ana"))
    with pytest.raises(Forbidden) as second:
        releases.approve(team.ben, release=made.ref)
    assert "ben is the same person as ana" in second.value.why
    releases.approve(team.cal, release=made.ref)
    principals.declare(team.ws, name="cal", spec=PrincipalSpec(role="engineer", person="ana"))
    assert team.states(made.ref) == [("cal", "void")]


def test_no_service_no_part_of_the_system_and_not_whoever_opens_the_files(team):
    team.policy(ReleasePolicySpec())
    made = team.asked()
    create_principal(team.ws, name="robot", role="engineer", kind="service")
    team.secrets["robot"] = create_token(team.ws, principal="robot").secret
    for ws in (team.ws, team.robot):
        with pytest.raises(Forbidden, match="can't decide about releases"):
            releases.approve(ws, release=made)


def test_a_token_of_a_person_that_a_service_or_an_author_made_decides_nothing(team):
    team.policy(ReleasePolicySpec())
    create_principal(team.ws, name="robot", role="owner", kind="service")
    for name in ("eva", "zoe"):
        create_principal(team.ws, name=name, role="owner")
    for name in ("robot", "eva"):
        team.secrets[name] = create_token(team.ws, principal=name).secret
    made = releases.create(team.eva, endpoint="delay", model="delay@1").ref
    releases.check(team.ws, release=made)
    releases.request(team.ws, release=made)
    for name in ("robot", "eva"):
        team.secrets["minted"] = create_token(getattr(team, name), principal="zoe").secret
        with pytest.raises(Forbidden, match="this token of zoe") as minted:
            releases.approve(team.minted, release=made)
        if name == "robot":
            with pytest.raises(Forbidden, match="this token of zoe"):
                releases.break_glass(team.minted, release=made, reason="it burns")
        team.secrets["chained"] = create_token(team.minted, principal="zoe").secret
        with pytest.raises(Forbidden, match="this token of zoe"):
            releases.approve(team.chained, release=made)
    assert "eva, who put release/delay@2 together" in minted.value.why


def test_approvers_who_left_count_no_more(team):
    team.policy(TWO)
    made = team.asked()
    releases.approve(team.ana, release=made)
    releases.approve(team.ben, release=made)
    principals.retire(team.ws, name="ana")
    set_role(team.ws, name="ben", role="viewer")
    why = team.refused(made)
    assert "ana was shut out" in why
    assert "ben lacks 'release:approve'" in why


def test_stages_are_asked_in_their_order_and_nobody_counts_in_two(team):
    groups.declare(team.ws, name="risk", spec=GroupSpec(members=["ana"]))
    stages = [ReviewStage(name="risk", right="group/risk"), ReviewStage(name="owners")]
    team.policy(ReleasePolicySpec(stages=stages))
    made = team.asked()
    with pytest.raises(Forbidden) as early:
        releases.approve(team.ben, release=made)
    assert "group/risk (risk)" in early.value.why
    releases.approve(team.ana, release=made)
    releases.approve(team.ana, release=made)
    assert "1 of 1 approvals lack (owners" in team.refused(made)
    releases.approve(team.ben, release=made)
    releases.withdraw(team.ana, release=made, note="not sure")
    assert "(risk, who holds group/risk)" in team.refused(made)


def test_of_two_policies_each_is_asked_in_its_own_order(team):
    groups.declare(team.ws, name="risk", spec=GroupSpec(members=["ana"]))
    groups.declare(team.ws, name="owners", spec=GroupSpec(members=["ben"]))
    stages = [ReviewStage(name=name, right=f"group/{name}") for name in ("risk", "owners")]
    team.policy(ReleasePolicySpec(stages=stages))
    team.policy(ReleasePolicySpec(right="group/owners"), name="second")
    made = team.asked()
    assert len(releases.approve(team.ben, release=made).rights) == 1
    releases.approve(team.ana, release=made)
    assert "(owners, who holds group/owners)" in team.refused(made)
    assert releases.approve(team.ben, release=made).rights == [
        "release_policy/production: owners: group/owners"
    ]
    assert team.told("release.approved").data["lacks"] == 0
    assert releases.promote(team.ws, release=made).state is ReleaseState.LIVE


def test_windows_freezes_and_expiry_go_by_the_log_not_by_a_clock_that_was_set_back(team):
    freeze = PolicyFreeze(since="2026-03-04", until="2026-03-05", why="audit")
    team.policy(ReleasePolicySpec(windows="mon-thu 09:00-16:00", freezes=[freeze], expires="5d"))
    made = team.asked()
    releases.approve(team.ana, release=made)
    for days, hours, why in ((0, 6, "outside of"), (2, 0, "frozen from 2026-03-04 until 2026-03-05: audit")):
        team.clock.set(team.start + timedelta(days=days, hours=hours))
        assert why in team.refused(made)
    team.clock.set(team.start + timedelta(days=7))
    assert "expired" in team.refused(made)
    create_principal(team.ws, name="dan")  # the log goes on
    team.clock.set(team.start + timedelta(hours=1))
    assert "behind the event log" in team.refused(made)
    assert team.states(made) == [("ana", "expired")]


def test_a_refusal_is_final_and_needs_a_reason(team):
    team.policy(ReleasePolicySpec())
    made = team.asked()
    with pytest.raises(InvalidInput, match="why is it refused"):
        releases.refuse(team.ana, release=made, note=" ")
    releases.refuse(team.ana, release=made, note="worse at night")
    releases.approve(team.ben, release=made)
    assert "ana refused it: worse at night" in team.refused(made)
    with pytest.raises(Conflict, match="ana refused"):
        releases.approve(team.ana, release=made)
    with pytest.raises(Conflict, match="can't be taken back"):
        releases.withdraw(team.ana, release=made)
    with pytest.raises(NotFound, match="no approval"):
        releases.withdraw(team.cal, release=made)


def test_glass_is_broken_with_a_right_of_its_own_told_and_signed_for_by_others(team):
    team.policy(TWO)
    made = team.asked()
    with pytest.raises(Forbidden, match="break_glass"):
        releases.break_glass(team.ana, release=made, reason="it burns")
    create_principal(team.ws, name="eva", role="owner")
    team.secrets["eva"] = create_token(team.ws, principal="eva").secret
    done = releases.break_glass(team.eva, release=made, reason="it burns")
    assert done.state is ReleaseState.LIVE
    assert team.told("release.glass_broken").data["people"] == 2
    with pytest.raises(Forbidden, match="may not sign"):
        releases.approve(team.eva, release=made)
    releases.approve(team.ana, release=made, note="seen")
    team.clock.set(team.start + timedelta(hours=25))
    glass = team.standing(made).glass
    assert (glass.signed, glass.left, glass.is_overdue) == (["ana"], 1, True)
    assert [each.release for each in releases.awaiting(team.ws)] == [made]
    releases.approve(team.ben, release=made)
    assert team.told("release.glass_answered").data["lacks"] == 0
    principals.retire(team.ws, name="ben")
    assert team.standing(made).glass.left == 0  # it was signed for, whoever leaves
    assert releases.awaiting(team.ws) == []


def test_a_rollback_needs_nobody_and_is_told_but_not_to_what_nobody_signed_for(team):
    first = releases.create(team.ws, endpoint="delay", model="delay@1").ref
    releases.check(team.ws, release=first)
    releases.promote(team.ws, release=first)
    team.policy(ReleasePolicySpec())
    second = team.asked(2)
    releases.break_glass(team.ws, release=second, reason="now")
    releases.rollback(team.ws, endpoint="delay", reason="worse")
    skipped = team.told("release.review_skipped")
    assert (skipped.subject, about_of(skipped)) == (first, "endpoint/delay")
    with pytest.raises(ApprovalMissing, match="was not signed for"):
        releases.rollback(team.ws, endpoint="delay", to=second)
    with pytest.raises(ApprovalMissing, match="can't point"):
        alias(team.ws, ref="delay@2", alias="champion")


def test_the_alias_champion_follows_what_people_agreed_to(team):
    team.policy(ReleasePolicySpec())
    with pytest.raises(ApprovalMissing, match="can't point"):
        alias(team.ws, ref="delay@1", alias="champion")
    made = team.asked()
    releases.approve(team.ana, release=made)
    assert alias(team.ws, ref="delay@1", alias="champion").model == "model/delay@1"


def test_nobody_switches_an_endpoint_past_its_releases(team):
    team.policy(ReleasePolicySpec())
    made = team.asked()
    with pytest.raises(ApprovalMissing, match="past a release") as past:
        endpoints.switch(team.ws, name="delay", model_ref="model/delay@1", release_ref=made)
    assert "release_policy/production" in past.value.why


def test_an_author_who_loosens_the_policy_is_still_asked_what_it_asked_before(team):
    create_principal(team.ws, name="eva", role="owner")
    team.secrets["eva"] = create_token(team.ws, principal="eva").secret
    team.policy(TWO)
    made = releases.create(team.eva, endpoint="delay", model="delay@1").ref
    releases.check(team.eva, release=made)
    policies.declare(team.eva, name="production", spec=ReleasePolicySpec(approvals=0))
    assert "before eva changed it: 2 of 2 approvals lack" in team.refused(made)
    policies.retire(team.eva, name="production")
    assert "2 of 2 approvals lack" in team.refused(made)
    team.policy(ReleasePolicySpec(approvals=1))
    assert "1 of 1 approvals lack" in team.refused(made)


def test_an_author_who_takes_a_gate_or_signatures_out_of_the_policy_is_held_to_them(team):
    create_principal(team.ws, name="eva", role="owner")
    team.secrets["eva"] = create_token(team.ws, principal="eva").secret
    registered = add_model(team.eva, "delay", make_model(seed=7)).ref
    small = {"gate": "size", "at_most_mb": 0.001}
    team.policy(ReleasePolicySpec(gates=[small], breakglass=3))
    team.clock.set(team.start - timedelta(days=1))  # the log's order counts
    for number in range(3):
        policies.declare(
            team.eva, name="production", spec=ReleasePolicySpec(approvals=0, expires=f"{number + 1}d")
        )
    made = releases.create(team.ben, endpoint="delay", model=registered).ref
    releases.check(team.ws, release=made)
    assert "its gate size was not asked" in team.refused(made)
    policies.retire(team.eva, name="production")
    assert "its gate size was not asked" in team.refused(made)
    releases.break_glass(team.eva, release=made, reason="it burns")
    assert team.told("release.glass_broken").data["people"] == 3


def test_people_are_told_once_what_voided_their_approvals(team):
    team.policy(ReleasePolicySpec())
    made = team.asked()
    keeper = ReviewKeeper(team.ws)
    releases.approve(team.ana, release=made)
    assert keeper.step() == 0
    endpoints.specs.declare(team.ws, name="delay", spec=EndpointSpec(model="delay"))
    assert (keeper.step(), keeper.step()) == (1, 0)
    told = team.told("release.approvals_voided")
    assert told.data["by"] == ["ana"]
    assert ("policy 1", "") in [(each["part"], each["after"]) for each in told.data["changes"]]


def test_a_release_of_a_trigger_asks_people_instead_of_going_live(team):
    team.policy(ReleasePolicySpec())

    def promise(ctx):
        payload = {"endpoint": "delay", "model": "model/delay@1"}
        return jobs.enqueue(ctx, kind="release", key="k", payload=payload)

    job = Operation(promise, "test.promise", "test:write", query=False, evented=False)(team.ws)
    Worker(team.ws, HANDLERS).run_job(job.id)
    assert releases.show(team.ws, ref="delay@2").state is ReleaseState.PASSED
    assert team.told("release.review_requested").actor == "releases"
    releases.approve(team.ana, release="delay@2")
