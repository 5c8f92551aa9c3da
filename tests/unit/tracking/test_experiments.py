"""Experiments: any name, one store with MLflow's, and what becomes of a name that was deleted."""

from __future__ import annotations

import unicodedata

import pytest

from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.kernel import events
from meguru.mlflow.tracking import experiment_operations as mlflow
from meguru.mlflow.tracking import run_operations as mlflow_runs
from meguru.tracking.experiments.change import create_experiment, delete, note, rename, restore
from meguru.tracking.find import search
from meguru.tracking.run_ids import from_hex
from meguru.tracking.runs import start
from meguru.tracking.show import list_experiments, list_runs, show, show_experiment


def names(ws, **given):
    return [item.name for item in list_experiments(ws, **given).items]


@pytest.mark.parametrize(
    "name", ["需要予測", "売上予測0.28", "churn/lightgbm", "My Flights!", "🚀 launch", "学" * 500]
)
def test_an_experiment_is_shown_and_found_by_any_name(workspace, name):
    run = start(workspace, experiment=name)
    assert run.experiment == name == show(workspace, run=run.id).experiment
    assert start(workspace, experiment=unicodedata.normalize("NFD", name)).experiment == name
    assert [each.experiment for each in list_runs(workspace, experiment=name).items] == [name] * 2
    assert len(search(workspace, experiment=name, query="state = 'running'").items) == 2
    assert names(workspace) == [name]
    assert show_experiment(workspace, experiment=name).runs == {"running": 2}


def test_mlflows_name_and_ours_are_one(workspace):
    number = mlflow.create(workspace, name="churn/lightgbm")
    theirs = mlflow_runs.create(workspace, experiment=str(number), name="a", start=5)
    ours = start(workspace, experiment="churn/lightgbm")
    found = list_runs(workspace, experiment="churn/lightgbm").items
    assert {each.id for each in found} == {from_hex(theirs.run_id), ours.id}
    assert {each.experiment for each in found} == {"churn/lightgbm"}
    assert names(workspace) == ["churn/lightgbm"]
    with workspace.read() as tx:
        told = [each.data["experiment"] for each in events.read(tx, types=("run.started",))]
    assert told == ["churn/lightgbm"] * 2


def test_the_default_experiment_is_mlflows(workspace):
    assert start(workspace).experiment == start(workspace, experiment="Default").experiment == "Default"
    assert show_experiment(workspace, experiment="default").experiment.number == 0
    rename(workspace, experiment="0", name="rest")
    assert start(workspace).experiment == "rest"
    assert start(workspace, experiment="Default").experiment == "Default"
    assert show_experiment(workspace, experiment="Default").experiment.number == 1


@pytest.mark.parametrize("name", ["", " a", "a\nb", "a\u202eb", "x" * 501])
def test_a_name_that_cannot_be_read_is_refused(workspace, name):
    with pytest.raises(InvalidInput, match="can't name an experiment") as caught:
        start(workspace, experiment=name)
    assert caught.value.field == "experiment"


def test_a_renamed_experiment_keeps_its_runs_and_its_reference(workspace):
    run = start(workspace, experiment="delay")
    made = create_experiment(workspace, name="delay")
    assert made.ref == "experiment/delay"
    renamed = rename(workspace, experiment="delay", name="遅延")
    assert (renamed.ref, renamed.name, renamed.number) == (made.ref, "遅延", made.number)
    assert show(workspace, run=run.id).experiment == "遅延"
    for known in ("遅延", "experiment/delay", "delay", str(made.number)):
        assert show_experiment(workspace, experiment=known).experiment == renamed
    again = start(workspace, experiment="delay")
    assert again.experiment == "delay"
    assert [each.id for each in list_runs(workspace, experiment="delay").items] == [again.id]
    assert [each.id for each in list_runs(workspace, experiment="遅延").items] == [run.id]
    with pytest.raises(Conflict, match="there is an experiment 'delay' already"):
        rename(workspace, experiment="遅延", name="delay")


def test_a_deleted_experiment_is_in_no_list_and_comes_back(workspace):
    run, other = start(workspace, experiment="old"), start(workspace, experiment="new")
    assert delete(workspace, experiment="old").state == "deleted"
    assert names(workspace) == ["new"]
    assert names(workspace, state="deleted") == ["old"]
    assert [each.id for each in list_runs(workspace).items] == [other.id]
    assert [each.id for each in search(workspace, query="state = 'running'").items] == [other.id]
    assert show(workspace, run=run.id).experiment == "old"
    assert [each.id for each in list_runs(workspace, experiment="old").items] == [run.id]
    restore(workspace, experiment="old")
    assert [each.id for each in list_runs(workspace).items] == [other.id, run.id]


def test_a_run_in_a_deleted_experiment_is_told_the_ways_out(workspace):
    create_experiment(workspace, name="old")
    delete(workspace, experiment="old")
    with pytest.raises(Conflict, match="the experiment 'old' is deleted") as caught:
        start(workspace, experiment="old")
    for way in ("restore", "rename", "purge"):
        assert f"meguru experiments {way} 'old'" in caught.value.hint
    rename(workspace, experiment="old", name="older")
    assert start(workspace, experiment="old").experiment == "old"
    assert names(workspace, state="deleted") == ["older"]


def test_what_changes_nothing_is_no_event(workspace):
    create_experiment(workspace, name="a")
    assert note(workspace, experiment="a", note="which delay?").note == "which delay?"
    for _ in range(2):
        note(workspace, experiment="a", note="which delay?")
        rename(workspace, experiment="a", name="a")
        restore(workspace, experiment="a")
    with workspace.read() as tx:
        assert [each.type for each in events.read(tx)] == ["experiment.created", "experiment.noted"]


def test_a_name_that_is_not_there_offers_those_that_look_like_it(workspace):
    create_experiment(workspace, name="需要予測")
    with pytest.raises(NotFound, match="there is no experiment") as caught:
        show_experiment(workspace, experiment="需要予想")
    assert "需要予測" in str(caught.value.hint)
