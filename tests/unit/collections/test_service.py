"""Declared collections are made by the server, in the name of who declared them; and the loop closes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from textwrap import dedent

import pytest
from sqlalchemy import text

from meguru.collections.kind import CollectionSpec
from meguru.collections.operations import list_collections, specs
from meguru.collections.service import Collector
from meguru.datasets.show import show
from meguru.errors import InvalidInput, NotFound
from meguru.governance.principals import create_principal
from meguru.governance.standing import standing
from meguru.kernel import events
from meguru.pipelines.load import register_file
from meguru.pipelines.show import list_runs
from meguru.triggers import operations as triggers
from meguru.triggers.evaluate import Evaluator


def declare(workspace, every="3 rows", **given):
    spec = CollectionSpec(endpoint="delay", dataset="truth", every=every, **given)
    return specs.declare(workspace, name="delays", spec=spec)


def log(workspace, *types):
    with workspace.read() as tx:
        return events.read(tx, types=types, limit=100)


def test_a_version_is_made_when_so_many_outcomes_are_new(workspace, answered, happened):
    declare(workspace)
    assert [each.every for each in list_collections(workspace)] == ["3 rows"]
    collector = Collector(workspace)
    happened(answered(2))
    assert collector.step() == 0
    happened(answered(2))
    assert (collector.step(), collector.step()) == (1, 0)
    assert show(workspace, ref="truth@latest").rows == 4
    (collected,), recorded = log(workspace, "outcomes.collected"), log(workspace, "outcomes.recorded")
    assert (collected.actor, collected.cause) == ("collection/delays", recorded[-1].id)


def test_a_calendar_makes_one_when_its_moment_came_and_something_is_new(workspace, answered, happened, clock):
    workspace.clock = clock
    answered_ids = answered(2)
    declare(workspace, every="0 2 * * *", tz="Asia/Tokyo")
    collector = Collector(workspace)
    happened(answered_ids, at=datetime(2026, 3, 1, tzinfo=UTC))
    assert collector.step() == 0
    clock.move(timedelta(hours=6))  # 1 March, noon, becomes two in the morning in Tokyo an hour before
    assert (collector.step(), collector.step()) == (1, 0)
    clock.move(timedelta(days=2))
    assert collector.step() == 0


def test_what_fails_is_told_once_and_tried_again_when_something_changed(workspace, answered, happened):
    declare(workspace, every="1 rows", label="hour")
    happened(answered())
    for collector in (first := Collector(workspace), first, Collector(workspace)):
        assert collector.step() == 0
    (told,) = log(workspace, "collection.failed")
    assert "'hour' as well" in told.data["reason"]
    declare(workspace, every="1 rows", label="late")
    assert first.step() == 1


def test_who_may_not_act_any_more_has_nothing_collected(workspace, answered, happened):
    create_principal(workspace, name="sato", role="engineer")
    with workspace.read() as tx:
        sato = standing(tx, "sato")
    declare(workspace.with_(principal=sato), every="1 rows")
    happened(answered())
    with workspace.db.write() as tx:
        tx.execute(text("UPDATE principal SET disabled = :yes"), {"yes": True})
    assert Collector(workspace).step() == 0
    assert "sato" in log(workspace, "collection.failed")[0].data["reason"]


@pytest.mark.parametrize(
    ("given", "field"),
    [({"every": "soon"}, "every"), ({"every": "0 0 31 2 *"}, "every"), ({"label": " "}, "label")],
)
def test_a_collection_that_never_could_be_is_refused(workspace, answered, given, field):
    with pytest.raises(InvalidInput) as caught:
        declare(workspace, **given)
    assert caught.value.field == field


def test_a_collection_of_no_endpoint_is_refused(workspace):
    with pytest.raises(NotFound):
        declare(workspace)


def test_the_loop_closes_outcomes_become_data_that_starts_a_training(workspace, answered, happened, tmp_path):
    (tmp_path / "retrain.py").write_text(
        dedent("""
        from meguru import Dataset, pipeline, step

        @step
        def count(truth: Dataset) -> int:
            return truth.frame().height

        @pipeline
        def retrain(truth: Dataset):
            return count(truth)
        """)
    )
    happened(first := answered(2))
    declare(workspace, every="2 rows")
    collector = Collector(workspace)
    assert collector.step() == 1
    register_file(workspace, f"{tmp_path / 'retrain.py'}:retrain")
    action = {"pipeline": "retrain", "params": {"truth": "truth@latest"}}
    triggers.create(workspace, name="again", on={"data": "truth"}, action=action)
    happened([*first, *answered(1)], value=0.0)  # corrected ones, and a new one
    assert collector.step() == 1
    while Evaluator(workspace).step():
        pass
    (run,) = list_runs(workspace, pipeline="retrain").items
    recorded, versions = log(workspace, "outcomes.recorded")[-1], log(workspace, "dataset_version.created")
    assert run.params == {"truth": "dataset/truth@2"}
    assert versions[-1].cause == recorded.id
