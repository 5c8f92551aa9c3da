"""Releases: put together, judged, promoted, rolled back."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import update

from meguru.app.jobs import HANDLERS
from meguru.artifacts.why import show as why
from meguru.errors import Conflict, GateFailed, InvalidInput, NotFound
from meguru.kernel import events, jobs
from meguru.kernel.jobs import JobState, Worker
from meguru.kernel.operations import Context, Operation
from meguru.registry.client import add_model
from meguru.registry.operations import aliases
from meguru.registry.operations import show as show_model
from meguru.releases import operations as releases
from meguru.releases.schema import release as table
from meguru.releases.types import ReleaseState
from meguru.serving import operations as endpoints
from meguru.testing.events import declare_events
from meguru.testing.models import make_model

declare_events("test.asked")

pytest_plugins = ["meguru.testing.fixtures"]
GATES = [{"gate": "metric", "metric": "auc", "op": ">=", "value": 0.6}, {"gate": "champion"}]
GOOD, POOR, BETTER = {"seed": 5}, {"knows": ("hour",)}, {"seed": 11}


@pytest.fixture
def delay(workspace):
    """An endpoint `delay` whose first model is poor."""
    endpoints.create(workspace, name="delay", model="delay", gates=GATES)
    return workspace


def add(workspace, **options):
    return add_model(workspace, "delay", make_model(**options)).ref


def go(workspace, model, **options):
    made = releases.create(workspace, endpoint="delay", model=model, **options)
    releases.check(workspace, release=made.ref)
    return releases.promote(workspace, release=made.ref)


def live(workspace):
    return endpoints.show(workspace, name="delay").endpoint.live


def state(workspace, ref):
    return releases.show(workspace, ref=ref).state


def test_a_first_release_goes_live_with_its_evidence(delay):
    model = add(delay, **POOR)
    done = go(delay, model, app="c0ffee")
    assert (done.ref, done.state) == ("release/delay@1", ReleaseState.LIVE)
    assert (live(delay).model_ref, live(delay).release_ref) == (model, done.ref)
    assert [result.gate for result in done.results] == ["loads", "metric", "champion"]
    assert [alias.model for alias in aliases(delay, name="delay")] == [model]
    assert done.hashes.app == "c0ffee"
    assert done.hashes.model == show_model(delay, ref=model).tree_digest
    assert all(len(getattr(done.hashes, part)) == 64 for part in ("model", "endpoint", "policies", "gates"))


def test_the_causes_lead_from_the_live_model_back_to_the_creation(delay):
    go(delay, add(delay, **POOR))
    chain = [link.type for link in why(delay, ref="endpoint/delay").chain]
    assert chain == ["release.created", "release.gates_passed", "release.promoted"]
    with delay.read() as tx:
        promoted = events.latest(tx, types=("release.promoted",))
        for kind in ("endpoint.switched", "model_alias.moved"):
            assert events.latest(tx, types=(kind,)).cause == promoted.id


def test_a_better_challenger_takes_over_and_the_old_release_is_superseded(delay):
    go(delay, add(delay, **POOR))
    second = go(delay, add(delay, **GOOD))
    assert second.champion.ref == "model/delay@1"
    assert "better" in second.reasons[-1]
    assert state(delay, "release/delay@1") is ReleaseState.SUPERSEDED
    assert live(delay).model_ref == "model/delay@2"


def test_a_worse_challenger_is_refused_with_the_reason_and_can_not_be_promoted(delay):
    go(delay, add(delay, **GOOD))
    made = releases.create(delay, endpoint="delay", model=add(delay, **POOR))
    done = releases.check(delay, release=made.ref)
    assert done.state is ReleaseState.REFUSED
    assert len(done.reasons) == 1
    assert "worse" in done.reasons[0]
    with pytest.raises(GateFailed, match="was refused") as refused:
        releases.promote(delay, release=made.ref)
    assert refused.value.exit_code == 5
    assert "worse" in refused.value.why
    assert live(delay).model_ref == "model/delay@1"
    with delay.read() as tx:
        assert events.latest(tx, types=("release.refused",)).data["reasons"] == done.reasons


def test_the_live_model_again_is_refused_as_nothing_new(delay):
    model = add(delay, **POOR)
    go(delay, model)
    made = releases.create(delay, endpoint="delay", model=model)
    assert "nothing new" in releases.check(delay, release=made.ref).reasons[0]


def test_what_was_not_checked_can_not_be_promoted(delay):
    made = releases.create(delay, endpoint="delay", model=add(delay, **POOR))
    with pytest.raises(Conflict, match="created, not passed"):
        releases.promote(delay, release=made.ref)


def test_a_release_that_was_compared_with_another_champion_must_be_checked_again(delay):
    go(delay, add(delay, **POOR))
    first = releases.create(delay, endpoint="delay", model=add(delay, **GOOD))
    second = releases.create(delay, endpoint="delay", model=add(delay, **BETTER))
    for made in (first, second):
        assert releases.check(delay, release=made.ref).state is ReleaseState.PASSED
    releases.promote(delay, release=first.ref)
    with pytest.raises(Conflict, match="the world moved: check again") as moved:
        releases.promote(delay, release=second.ref)
    assert "compared with model/delay@1, and model/delay@2 is live now" in moved.value.why
    assert releases.check(delay, release=second.ref).state is ReleaseState.REFUSED


def test_a_changed_gate_voids_the_verdict(delay):
    from meguru.serving.schema import endpoint

    made = releases.create(delay, endpoint="delay", model=add(delay, **POOR))
    releases.check(delay, release=made.ref)
    with delay.db.write() as tx:
        tx.execute(update(endpoint).values(gates=[{"gate": "metric", "metric": "auc", "value": 0.99}]))
    with pytest.raises(Conflict, match="the world moved") as moved:
        releases.promote(delay, release=made.ref)
    assert "policy 1" in moved.value.why


def test_a_verdict_that_was_tampered_with_is_noticed(delay):
    made = releases.create(delay, endpoint="delay", model=add(delay, **POOR))
    done = releases.check(delay, release=made.ref)
    with delay.db.write() as tx:
        tx.execute(update(table).values(results=done.results[:1]))
    with pytest.raises(Conflict, match="not what was checked"):
        releases.promote(delay, release=made.ref)


def test_promoting_twice_changes_nothing(delay):
    done = go(delay, add(delay, **POOR))
    with delay.read() as tx:
        before = events.head(tx)
    assert releases.promote(delay, release=done.ref) == done
    with delay.read() as tx:
        assert events.head(tx) == before


def test_a_rollback_restores_the_release_before(delay):
    go(delay, add(delay, **POOR))
    go(delay, add(delay, **GOOD))
    back = releases.rollback(delay, endpoint="delay", reason="too slow")
    assert (back.ref, back.state) == ("release/delay@1", ReleaseState.LIVE)
    assert state(delay, "release/delay@2") is ReleaseState.ROLLED_BACK
    assert live(delay).model_ref == "model/delay@1"
    assert aliases(delay, name="delay")[0].model == "model/delay@1"
    found = why(delay, ref="endpoint/delay")
    assert [(link.type, link.subject) for link in found.chain] == [
        ("release.created", "release/delay@1"),
        ("release.gates_passed", "release/delay@1"),
        ("release.promoted", "release/delay@1"),
        ("release.rolled_back", "release/delay@1"),
    ]
    assert found.chain[-1].says == (
        "local rolled back from release/delay@2 (model/delay@2) to release/delay@1 (model/delay@1): too slow"
    )
    taken_back = why(delay, ref="release/delay@2")
    assert [link.type for link in taken_back.chain][-2:] == ["release.promoted", "release.rolled_back"]
    assert taken_back.state.endswith("to release/delay@1 (model/delay@1): too slow")
    again = releases.rollback(delay, endpoint="delay", to="release/delay@2")
    assert again.state is ReleaseState.LIVE
    assert live(delay).model_ref == "model/delay@2"
    forth = why(delay, ref="endpoint/delay").chain
    assert [link.subject for link in forth] == ["release/delay@2"] * 4
    assert [link.type for link in forth][-2:] == ["release.promoted", "release.rolled_back"]


def test_a_superseded_release_is_explained_to_its_end(delay):
    go(delay, add(delay, **POOR))
    go(delay, add(delay, **GOOD))
    chain = why(delay, ref="release/delay@1").chain
    assert [(link.type, link.subject) for link in chain][-2:] == [
        ("release.promoted", "release/delay@1"),
        ("release.promoted", "release/delay@2"),
    ]


def test_what_is_promoted_without_a_server_says_that_nobody_serves_it(delay):
    done = go(delay, add(delay, **POOR))
    for found in (
        done,
        releases.show(delay, ref=done.ref),
        *releases.list_releases(delay, endpoint="delay").items,
    ):
        assert (found.state, found.standing) == (ReleaseState.LIVE, "promoted")
        assert (found.serving.current, found.serving.why) == (False, "no server serves it now")


def test_a_refusal_that_was_seen_is_acknowledged_once(delay):
    go(delay, add(delay, **GOOD))
    made = releases.create(delay, endpoint="delay", model=add(delay, **POOR))
    with pytest.raises(Conflict, match="release/delay@2 is created"):
        releases.acknowledge(delay, release=made.ref)
    releases.check(delay, release=made.ref)
    seen = releases.acknowledge(delay, release=made.ref, note="as expected")
    assert (seen.state, seen.acknowledged_by) == (ReleaseState.REFUSED, "local")
    assert releases.acknowledge(delay, release=made.ref) == seen
    with delay.read() as tx:
        (told,) = events.read(tx, types=("release.acknowledged",))
    assert (told.subject, told.data["note"], told.cause) == (made.ref, "as expected", seen.checked_event)


def test_a_rollback_to_a_model_that_was_tampered_with_is_refused(delay):
    first = go(delay, add(delay, **POOR))
    go(delay, add(delay, **GOOD))
    path = delay.blobs.path(first.hashes.model)
    path.chmod(0o600)
    path.write_bytes(b"tampered")
    with pytest.raises(Conflict, match="can't go live now") as refused:
        releases.rollback(delay, endpoint="delay")
    assert "digest" in refused.value.why
    assert live(delay).model_ref == "model/delay@2"


def test_there_is_nothing_to_roll_back_to_at_first(delay):
    with pytest.raises(NotFound, match="no earlier release"):
        releases.rollback(delay, endpoint="delay")
    go(delay, add(delay, **POOR))
    with pytest.raises(NotFound, match="no earlier release"):
        releases.rollback(delay, endpoint="delay")


def test_a_refused_release_can_not_be_rolled_back_to(delay):
    go(delay, add(delay, **GOOD))
    made = releases.create(delay, endpoint="delay", model=add(delay, **POOR))
    releases.check(delay, release=made.ref)
    with pytest.raises(Conflict, match="was never live"):
        releases.rollback(delay, endpoint="delay", to=made.ref)


def test_a_diff_names_what_changed(delay):
    go(delay, add(delay, **POOR), app="1")
    go(delay, add(delay, **GOOD), app="2")
    found = releases.diff(delay, before="release/delay@1", after="delay@2")
    assert [change.part for change in found.changes] == ["app", "model", "contract 1"]
    assert found.changes[1].after.startswith("model/delay@2 (")


def test_names_are_checked_with_near_misses(delay):
    model = add(delay, **POOR)
    with pytest.raises(NotFound) as missing:
        releases.create(delay, endpoint="dealy", model=model)
    assert "did you mean 'delay'?" in missing.value.hint
    with pytest.raises(NotFound):
        releases.create(delay, endpoint="delay", model="model/delay@7")
    add_model(delay, "other", make_model())
    with pytest.raises(InvalidInput, match="can't be released"):
        releases.create(delay, endpoint="delay", model="model/other@1")
    releases.create(delay, endpoint="delay", model=model)
    with pytest.raises(NotFound) as missing:
        releases.show(delay, ref="release/delay@11")
    assert "release/delay@1" in missing.value.hint


def test_a_wrong_gate_is_named_when_the_endpoint_is_declared(workspace):
    with pytest.raises(InvalidInput) as refused:
        endpoints.create(workspace, name="delay", model="delay", gates=[{"gate": "champoin"}])
    assert refused.value.field == "gates[0].gate"
    assert "did you mean 'champion'?" in refused.value.hint
    assert endpoints.list_endpoints(workspace).items == []


def _enqueue(ctx: Context, *, model: str, promote: bool = True) -> str:
    told = ctx.emit("test.asked", model)
    payload = {"endpoint": "delay", "model": model, "promote": promote}
    return jobs.enqueue(ctx, kind="release", key=model, payload=payload, cause=told.id).id


ASK = Operation(_enqueue, "test.ask", "test:write", query=False, evented=True)


def ask(workspace, model, **options):
    job_id = workspace.execute(ASK, {"model": model, **options})
    Worker(workspace, HANDLERS).run_job(job_id)
    with workspace.read() as tx:
        return jobs.find(tx, job_id)


def test_the_job_releases_what_passes_and_ends_well_when_it_refuses(delay):
    assert ask(delay, add(delay, **GOOD)).state is JobState.DONE
    assert live(delay).model_ref == "model/delay@1"
    assert ask(delay, add(delay, **POOR)).state is JobState.DONE
    assert live(delay).model_ref == "model/delay@1"
    assert state(delay, "release/delay@2") is ReleaseState.REFUSED
    chain = [link.type for link in why(delay, ref="endpoint/delay").chain]
    assert chain == ["test.asked", "release.created", "release.gates_passed", "release.promoted"]


def test_the_job_leaves_the_promotion_to_people_when_it_is_told_so(delay):
    assert ask(delay, add(delay, **GOOD), promote=False).state is JobState.DONE
    assert state(delay, "release/delay@1") is ReleaseState.PASSED
    with delay.read() as tx:
        (told,) = events.read(tx, types=("release.awaits_person",))
    assert told.subject == "release/delay@1"
    assert releases.promote(delay, release="release/delay@1").state is ReleaseState.LIVE


def test_the_job_goes_on_where_another_worker_stopped(delay):
    from meguru.kernel.jobs import Lease

    model = add(delay, **GOOD)
    job_id = delay.execute(ASK, {"model": model})
    with delay.read() as tx:
        job = jobs.find(tx, job_id)
    lease = Lease(delay, job, 10, threading.Event())
    handler = HANDLERS.load("release")
    for _ in range(3):
        handler.run(delay.with_(cause=job.cause), job, lease)
    assert [item.ref for item in releases.list_releases(delay, endpoint="delay").items] == ["release/delay@1"]
    with delay.read() as tx:
        assert len(events.read(tx, types=("release.promoted", "release.gates_passed"))) == 2


def test_an_abandoned_job_leaves_its_release_undecided_and_it_can_be_checked_again(delay):
    job_id = delay.execute(ASK, {"model": add(delay, **GOOD)})
    with delay.read() as tx:
        job = jobs.find(tx, job_id)
    HANDLERS.load("release").abandon(delay.with_(cause=job.cause), job, "its worker died each time")
    left = releases.show(delay, ref="release/delay@1")
    assert left.state is ReleaseState.UNDECIDED
    assert "its worker died each time" in left.reasons[-1]
    with pytest.raises(Conflict, match="undecided, not passed") as waits:
        releases.promote(delay, release=left.ref)
    assert "meguru release check release/delay@1" in waits.value.hint
    assert releases.check(delay, release=left.ref).state is ReleaseState.PASSED


def test_an_abandoned_job_whose_release_could_not_be_made_is_given_up_all_the_same(delay):
    job_id = delay.execute(ASK, {"model": "model/delay@7"})
    Worker(delay, HANDLERS).run_job(job_id)
    with delay.read() as tx:
        assert jobs.find(tx, job_id).state is JobState.FAILED
    assert releases.list_releases(delay, endpoint="delay").items == []


def test_a_model_whose_files_are_gone_is_undecided_until_they_are_back(delay):
    model = show_model(delay, ref=add(delay, **GOOD))
    blob = delay.blobs.path(model.tree_digest)
    aside = blob.rename(blob.with_suffix(".aside"))
    job = ask(delay, model.ref)
    assert job.state is JobState.QUEUED
    assert state(delay, "release/delay@1") is ReleaseState.UNDECIDED
    found = releases.show(delay, ref="release/delay@1")
    assert "files of model/delay@1 are gone" in found.reasons[0]
    aside.rename(blob)
    Worker(delay, HANDLERS).run_to_end(job.id)
    assert live(delay).model_ref == model.ref
    with delay.read() as tx:
        told = [each.type for each in events.read(tx, types=("release.undecided", "release.gates_passed"))]
    assert told == ["release.undecided", "release.gates_passed"]
