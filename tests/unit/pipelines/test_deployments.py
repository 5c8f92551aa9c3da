"""Which version runs without anybody's hand: deployed, shown, moved by who may, rolled back."""

from __future__ import annotations

import pytest

from meguru import errors
from meguru.backfills.start import start as start_backfill
from meguru.governance.roles import permissions_of
from meguru.kernel import events
from meguru.kernel.principals import Principal
from meguru.pipelines.deployments import deployed
from meguru.pipelines.operations import deploy, list_pipelines, pipeline_deployments, rollback


def version(project, number):
    project.edit("train.py", "return sum(rows)", "return sum(rows) + 1")
    made = project.register()
    assert made.version == number
    return made


@pytest.fixture
def three(project):
    """Give three versions of a pipeline, none of them deployed."""
    project.register()
    version(project, 2)
    version(project, 3)
    return project.ws


def now(ws):
    with ws.read() as tx:
        return deployed(tx, "train")


def as_(ws, role):
    return ws.with_(principal=Principal(name="anna", permissions=permissions_of(role)))


def test_registering_deploys_nothing_and_deploying_is_shown_with_who_and_why(three):
    assert now(three) is None
    made = deploy(as_(three, "engineer"), name="train@2", reason="reviewed")
    assert (made.version, made.by, made.reason, now(three)) == (2, "anna", "reviewed", 2)
    (listed,) = list_pipelines(three).items
    assert (listed.version, listed.deployed) == (3, 2)
    assert deploy(three, name="train", version=2) == made  # it is so already
    assert deploy(three, name="train").version == 3
    assert [(each.version, each.by) for each in pipeline_deployments(three, name="train")] == [
        (3, "local"),
        (2, "anna"),
    ]


def test_it_is_rolled_back_to_what_was_deployed_before_and_again_to_the_one_before_that(three):
    for number in (1, 2, 3):
        deploy(three, name="train", version=number)
    assert [rollback(three, name="train", reason="it broke").version for _ in range(2)] == [2, 1]
    with pytest.raises(errors.NotFound, match="no earlier"):
        rollback(three, name="train")
    deploy(three, name="train", version=3)
    assert rollback(three, name="train").version == 1
    assert rollback(three, name="train", to=3).version == 3
    with pytest.raises(errors.NotFound, match="no version 7"):
        rollback(three, name="train", to=7)


def test_who_may_only_train_deploys_nothing(three):
    deploy(three, name="train", version=1)
    for change in (deploy, rollback):
        with pytest.raises(errors.Forbidden) as refused:
            change(as_(three, "data-scientist"), name="train")
        assert "pipeline:deploy" in refused.value.why
    assert now(three) == 1


def test_a_backfill_runs_what_is_deployed_and_deploys_the_newest_when_nothing_is(three):
    with pytest.raises(errors.Conflict, match="deployed") as refused:
        start_backfill(as_(three, "data-scientist"), pipeline="train", param="n", values=["1"])
    assert "meguru pipeline deploy train@3" in refused.value.hint
    assert start_backfill(three, pipeline="train", param="n", values=["1"]).version == 3
    deploy(three, name="train", version=2)
    assert (
        start_backfill(as_(three, "data-scientist"), pipeline="train", param="n", values=["1"]).version == 2
    )
    assert start_backfill(three, pipeline="train@3", param="n", values=["1"]).version == 3


def test_each_move_is_an_event_that_says_from_where(three):
    deploy(three, name="train", version=1)
    deploy(three, name="train", version=3)
    rollback(three, name="train", reason="it broke")
    with three.read() as tx:
        told = events.read(tx, types=("pipeline.deployed", "pipeline.rolled_back"))
    assert [(each.subject, each.data["before"]) for each in told] == [
        ("pipeline/train@1", None),
        ("pipeline/train@3", 1),
        ("pipeline/train@1", 3),
    ]
