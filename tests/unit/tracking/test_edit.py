"""Runs are renamed, tagged, described, deleted and restored by our own operations; experiments are purged."""

from __future__ import annotations

import pytest

from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.kernel import events
from meguru.mlflow.tracking import experiment_operations as mlflow
from meguru.mlflow.tracking import run_operations as theirs
from meguru.storage.db import metadata
from meguru.tracking.edit import delete_run, note, rename, restore, tag
from meguru.tracking.experiments.change import delete as delete_experiment
from meguru.tracking.experiments.purge import purge
from meguru.tracking.find import search
from meguru.tracking.operations import add_artifact, finish, list_runs, log, show, start
from meguru.tracking.run_ids import to_hex
from meguru.tracking.types import MetricPoint


@pytest.fixture
def run(workspace):
    made = start(workspace, experiment="delay", name="first", tags={"team": "blue"})
    finish(workspace, run=made.id)
    return made


def types(ws, after=0):
    with ws.read() as tx:
        return [event.type for event in events.read(tx)][after:]


def test_an_ended_run_gets_another_name_and_mlflow_sees_it(workspace, run):
    assert rename(workspace, run=run.id, name="学習 2").name == "学習 2"
    found = show(workspace, run=run.ref)
    assert (found.name, found.tags["mlflow.runName"]) == ("学習 2", "学習 2")
    assert rename(workspace, run=run.id, name="").name == ""
    assert "mlflow.runName" not in show(workspace, run=run.id).tags
    with pytest.raises(InvalidInput, match="can't name a run"):
        rename(workspace, run=run.id, name="a\nb")


def test_tags_are_written_over_and_taken_away(workspace, run):
    found = tag(workspace, run=run.id, tags={"team": "red", "段階": "本番"}, remove=["none"])
    assert found.tags == {"team": "red", "段階": "本番"}
    assert tag(workspace, run=run.id, remove=["team"]).tags == {"段階": "本番"}
    assert tag(workspace, run=run.id, tags={"mlflow.runName": "by tag"}).name == "by tag"
    with pytest.raises(InvalidInput, match="can't name a tag"):
        tag(workspace, run=run.id, tags={"a\nb": "1"})


def test_a_note_is_mlflows_description(workspace, run):
    assert note(workspace, run=run.id, note="the **best** so far").tags["mlflow.note.content"]
    assert "mlflow.note.content" not in note(workspace, run=run.id, note="").tags
    with pytest.raises(InvalidInput, match="too long"):
        note(workspace, run=run.id, note="x" * 8001)


def test_a_deleted_run_is_in_no_list_takes_nothing_and_comes_back(workspace, run):
    assert delete_run(workspace, run=run.id).deleted_at is not None
    assert list_runs(workspace).items == search(workspace).items == []
    assert [each.id for each in list_runs(workspace, deleted=True).items] == [run.id]
    assert show(workspace, run=run.id).deleted_at is not None
    for change in (
        lambda: rename(workspace, run=run.id, name="b"),
        lambda: tag(workspace, run=run.id, tags={"a": "b"}),
        lambda: note(workspace, run=run.id, note="n"),
    ):
        with pytest.raises(Conflict, match="is deleted") as caught:
            change()
        assert caught.value.hint == f"meguru runs restore {run.id}"
    assert restore(workspace, run=run.id).deleted_at is None
    assert [each.id for each in list_runs(workspace).items] == [run.id]


def test_a_running_run_that_is_deleted_is_logged_to_no_more_and_can_end(workspace):
    run = start(workspace)
    delete_run(workspace, run=run.id)
    with pytest.raises(Conflict, match="is deleted"):
        log(workspace, run=run.id, metrics=[MetricPoint(key="a", value=1.0)])
    assert finish(workspace, run=run.id).state == "succeeded"


def test_both_doors_delete_and_restore_the_same_run(workspace):
    number = mlflow.create(workspace, name="x")
    made = theirs.create(workspace, experiment=str(number), name="a", start=5)
    theirs.move(workspace, run=made.run_id, stage="deleted")
    (found,) = list_runs(workspace, deleted=True).items
    restore(workspace, run=found.id)
    theirs.log(workspace, run=made.run_id, params={"a": "1"})
    delete_run(workspace, run=found.id)
    with pytest.raises(InvalidInput, match="must be in the 'active' state"):
        theirs.log(workspace, run=made.run_id, params={"b": "1"})


def test_what_changes_nothing_is_no_event_and_everything_else_is_one(workspace, run):
    done = len(types(workspace))
    for again in (False, True):
        rename(workspace, run=run.id, name="b")
        tag(workspace, run=run.id, tags={"team": "red"}, remove=["none"])
        note(workspace, run=run.id, note="n")
        delete_run(workspace, run=run.id)
        if not again:
            restore(workspace, run=run.id)
    assert types(workspace, done) == [
        *("run.renamed", "run.tagged", "run.noted", "run.deleted", "run.restored"),
        "run.deleted",
    ]


@pytest.mark.parametrize("named", ["run-none", "prun-01m8hnwny37t2jfscpts701nmw"])
def test_only_a_tracked_run_is_edited(workspace, named):
    with pytest.raises(NotFound) as caught:
        delete_run(workspace, run=named)
    assert ("tracked runs" in caught.value.hint) == named.startswith("prun-")


def test_a_purged_experiment_leaves_no_row_and_its_name_is_free(workspace, run):
    other = start(workspace, experiment="other")
    log(workspace, run=other.id, metrics=[MetricPoint(key="a", value=1.0)])
    counted = counts(workspace)
    for _ in range(3):
        made = start(workspace, experiment="gone", params={"a": "1"}, tags={"b": "2"})
        points = [MetricPoint(key="auc", value=step / 9, step=step) for step in range(600)]
        log(workspace, run=made.id, metrics=points)
        digest = workspace.blobs.put_bytes(b"x")
        add_artifact(workspace, run=made.id, path="a.txt", digest=digest)
        theirs.move(workspace, run=to_hex(made.id), stage="deleted")
    with pytest.raises(Conflict, match="is not deleted"):
        purge(workspace, experiment="gone")
    delete_experiment(workspace, experiment="gone")
    done = purge(workspace, experiment="gone")
    assert (done.experiment, done.runs, done.left) == ("gone", 3, 0)
    assert counts(workspace) == counted
    assert start(workspace, experiment="gone").experiment == "gone"


def test_many_runs_are_purged_in_several_calls(workspace, monkeypatch):
    monkeypatch.setattr("meguru.tracking.experiments.purge.AT_ONCE", 2)
    for _ in range(5):
        start(workspace, experiment="gone")
    delete_experiment(workspace, experiment="gone")
    assert [purge(workspace, experiment="gone").left for _ in range(3)] == [3, 1, 0]
    assert types(workspace)[-3:] == ["experiment.emptied", "experiment.emptied", "experiment.purged"]


def counts(ws):
    """Return how many rows each table has that is about runs."""
    about = [name for name in metadata.tables if name.startswith(("run", "mlflow_", "experiment"))]
    with ws.read() as tx:
        return {name: tx.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar() for name in about}
