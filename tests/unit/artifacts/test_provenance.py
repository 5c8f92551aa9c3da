"""What made what is proved by the operation that made it, or marked as a claim, everywhere."""

import pytest
from sqlalchemy import update

from meguru.artifacts.lineage import show as lineage
from meguru.artifacts.provenance import claimed_sources, proved_sources
from meguru.artifacts.why import show as why
from meguru.audit.verify import verify
from meguru.base.ids import new_id
from meguru.errors import InvalidInput
from meguru.kernel import events
from meguru.kernel.events.schema import edge
from meguru.testing.events import declare_events
from meguru.testing.tampering import drop_guards
from meguru.tracking.operations import finish, start

declare_events("thing.made")


def make(ws, ref, *, used=(), claimed=(), operation="thing.make"):
    with ws.db.write() as tx:
        return events.append(
            tx,
            type="thing.made",
            at=ws.clock.now(),
            actor="a",
            operation=operation,
            subject=ref,
            used=used,
            produced=[ref],
            claimed=claimed,
        )


def edges(ws, ref):
    return {(each.source, each.target): each.claimed for each in lineage(ws, ref=ref).edges}


def test_what_a_run_used_is_a_claim(workspace):
    make(workspace, "dataset/flights@1")
    run = start(workspace, used=["dataset/flights@1", "dataset/flights@1"])
    assert edges(workspace, run.ref) == {("dataset/flights@1", run.ref): True}
    with workspace.read() as tx:
        assert events.latest(tx, subject=run.ref).data["claimed"] == ["dataset/flights@1"]
    assert verify(workspace).intact


@pytest.mark.parametrize(
    "used", [["dataset/secret@1"], ["dataset/flights@latest"], ["dataset/flights"], ["s3://bucket/x"], ["x"]]
)
def test_what_there_is_not_is_not_used(workspace, used):
    make(workspace, "dataset/flights@1")
    with pytest.raises(InvalidInput):
        start(workspace, used=["dataset/flights@1", *used])
    with workspace.read() as tx:
        assert events.latest(tx, types=("run.started",)) is None


def test_the_field_at_fault_is_named(workspace):
    make(workspace, "dataset/flights@1")
    with pytest.raises(InvalidInput) as caught:
        start(workspace, used=["dataset/flights@1", "dataset/flights@2"])
    assert (caught.value.field, caught.value.where) == ("used[1]", "dataset/flights@2")


def test_what_a_run_says_it_produced_is_a_claim(workspace):
    run = start(workspace)
    make(workspace, "model/x@1")
    finish(workspace, run=run.id, produced=["model/x@1"])
    assert edges(workspace, "model/x@1") == {(run.ref, "model/x@1"): True}
    assert "claimed, not proved: model/x@1" in why(workspace, ref=run.ref).state
    assert verify(workspace).intact


@pytest.mark.parametrize("ref", ["model/x@1", "release/x@1", "endpoint/x"])
def test_a_run_produces_nothing_that_was_there_before_it(workspace, ref):
    make(workspace, ref)
    run = start(workspace)
    with pytest.raises(InvalidInput, match="was not made here"):
        finish(workspace, run=run.id, produced=[ref])


def test_nor_what_there_is_not(workspace):
    run = start(workspace)
    with pytest.raises(InvalidInput) as caught:
        finish(workspace, run=run.id, produced=["model/x@1"])
    assert caught.value.field == "produced[0]"
    assert finish(workspace, run=run.id).state == "succeeded"


def test_a_proof_stays_one_whatever_is_claimed_after_it(workspace):
    run = start(workspace)
    made = make(workspace, "model/x@1", used=[run.ref])
    finish(workspace, run=run.id, produced=["model/x@1"])
    (found,) = [each for each in lineage(workspace, ref="model/x@1").edges if each.target == "model/x@1"]
    assert (found.claimed, found.event_seq) == (False, made.seq)
    assert verify(workspace).intact


def test_a_proof_takes_the_place_of_a_claim(workspace):
    make(workspace, "dataset/a@1")
    make(workspace, "model/x@1", used=["dataset/a@1"], claimed=["dataset/a@1"])
    with workspace.read() as tx:
        assert claimed_sources(tx, ["model/x@1", "model/y@1"]) == {"model/x@1": ["dataset/a@1"]}
    made = make(workspace, "model/x@1", used=["dataset/a@1"])
    make(workspace, "model/x@1", used=["dataset/a@1"], claimed=["dataset/a@1"])
    with workspace.read() as tx:
        assert (claimed_sources(tx, ["model/x@1"]), proved_sources(tx, "model/x@1")) == ({}, ["dataset/a@1"])
    assert lineage(workspace, ref="model/x@1").edges[0].event_seq == made.seq
    assert verify(workspace).intact


@pytest.mark.parametrize(("kept", "words"), [(False, "claims"), (True, "proves")])
def test_the_chain_covers_the_mark(workspace, kept, words):
    make(workspace, "dataset/a@1")
    make(workspace, "model/x@1", used=["dataset/a@1"], claimed=["dataset/a@1"] if words == "claims" else ())
    with workspace.db.write() as tx:
        drop_guards(tx)
        tx.execute(update(edge).values(claimed=kept))
    found = verify(workspace)
    assert (found.intact, found.seq) == (False, 2)
    assert words in found.why


def test_what_runs_told_before_claims_were_marked_are_claims(workspace):
    ref = f"run/{new_id('run')}"
    make(workspace, "dataset/a@1")
    make(workspace, ref, used=["dataset/a@1"], operation="run.start")
    assert edges(workspace, ref) == {("dataset/a@1", ref): True}
    assert verify(workspace).intact


def test_too_many_claims_are_refused(workspace):
    with pytest.raises(InvalidInput, match="names 1001 things"):
        start(workspace, used=["dataset/a@1"] * 1001)
