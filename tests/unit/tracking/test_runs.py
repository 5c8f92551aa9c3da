from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meguru.errors import Conflict, InvalidInput, NotFound, TooLarge
from meguru.kernel import events
from meguru.tracking.operations import (
    add_artifact,
    artifacts,
    create_experiment,
    finish,
    list_experiments,
    list_runs,
    log,
    metric,
    show,
    start,
)
from meguru.tracking.types import MetricPoint


@pytest.fixture
def run(workspace):
    return start(workspace, experiment="delay", name="first", params={"rate": "0.1"}, tags={"team": "blue"})


def types(ws):
    with ws.read() as tx:
        return [event.type for event in events.read(tx)]


def points(*values, key="auc", first=0):
    return [MetricPoint(key=key, value=value, step=first + step) for step, value in enumerate(values)]


def test_a_run_starts_with_its_params_and_makes_its_experiment(workspace, run):
    assert show(workspace, run=run.id) == run == show(workspace, run=run.ref)
    assert (run.state, run.params, run.tags) == ("running", {"rate": "0.1"}, {"team": "blue"})
    assert [item.name for item in list_experiments(workspace).items] == ["delay"]
    assert types(workspace) == ["experiment.created", "run.started"]


def test_an_experiment_is_created_once(workspace):
    first = create_experiment(workspace, name="delay", note="why")
    assert create_experiment(workspace, name="delay", note="other") == first
    assert types(workspace) == ["experiment.created"]


def test_points_are_kept_in_order_and_summed_up(workspace, run):
    log(workspace, run=run.id, metrics=points(0.5, 0.9, 0.7))
    log(workspace, run=run.id, metrics=points(None, key="loss"))
    found = show(workspace, run=run.id).metrics
    assert (found["auc"].value, found["auc"].step, found["auc"].count) == (0.7, 2, 3)
    assert (found["auc"].minimum, found["auc"].maximum) == (0.5, 0.9)
    assert (found["loss"].value, found["loss"].minimum) == (None, None)
    page = metric(workspace, run=run.id, key="auc", limit=2)
    rest = metric(workspace, run=run.id, key="auc", limit=2, after=page.next_cursor)
    assert [point.value for point in [*page.items, *rest.items]] == [0.5, 0.9, 0.7]
    assert rest.next_cursor == ""


def test_a_point_of_an_earlier_step_is_not_the_newest(workspace, run):
    log(workspace, run=run.id, metrics=points(0.7, first=5))
    log(workspace, run=run.id, metrics=points(0.9, first=3))
    newest = show(workspace, run=run.id).metrics["auc"]
    assert (newest.value, newest.step, newest.count, newest.maximum) == (0.7, 5, 2, 0.9)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from("ab"), st.integers(0, 5), st.none() | st.floats(-9, 9)), max_size=5
        ),
        min_size=1,
        max_size=4,
    )
)
def test_a_summary_is_what_all_points_say(workspace, batches):
    identity = start(workspace).id
    for batch in batches:
        log(workspace, run=identity, metrics=[MetricPoint(key=k, step=s, value=v) for k, s, v in batch])
    everything = [point for batch in batches for point in batch]
    found = show(workspace, run=identity).metrics
    assert found.keys() == {key for key, _, _ in everything}
    for key, summary in found.items():
        mine = [(step, value) for name, step, value in everything if name == key]
        last = max(step for step, _ in mine)
        values = [value for _, value in mine if value is not None]
        assert summary.count == len(mine)
        assert (summary.step, summary.value) == (last, [v for s, v in mine if s == last][-1])
        assert (summary.minimum, summary.maximum) == (min(values, default=None), max(values, default=None))


def test_a_param_can_not_change_and_then_nothing_of_the_batch_is_kept(workspace, run):
    log(workspace, run=run.id, params={"rate": "0.1", "depth": "3"})
    with pytest.raises(Conflict) as caught:
        log(workspace, run=run.id, metrics=points(0.5), params={"rate": "0.2"})
    assert caught.value.field == "params.rate"
    found = show(workspace, run=run.id)
    assert (found.params, found.metrics) == ({"rate": "0.1", "depth": "3"}, {})


def test_a_tag_can_be_set_again(workspace, run):
    log(workspace, run=run.id, tags={"team": "red", "stage": "try"})
    assert show(workspace, run=run.id).tags == {"team": "red", "stage": "try"}


def test_what_can_not_be_kept_is_refused_by_name(workspace, run):
    for bad, field in [
        ({"metrics": [MetricPoint(key="a\n", value=1.0)]}, "metrics.a\n"),
        ({"params": {"": "x"}}, "params."),
        ({"tags": {"note": "x" * 8001}}, "tags.note"),
        ({"metrics": [MetricPoint(key="a", value=1.0, step=2**63)]}, "metrics[0].step"),
    ]:
        with pytest.raises(InvalidInput) as caught:
            log(workspace, run=run.id, **bad)
        assert caught.value.field == field
    with pytest.raises(TooLarge):
        log(workspace, run=run.id, metrics=points(*range(10_001)))


def test_a_finished_run_can_not_change(workspace, run):
    done = finish(workspace, run=run.id, state="failed", error="out of memory")
    assert (done.state, done.error) == ("failed", "out of memory")
    assert done.finished_at is not None
    assert finish(workspace, run=run.id, state="failed") == done
    assert types(workspace).count("run.finished") == 1
    for change in (
        lambda: log(workspace, run=run.id, metrics=points(1.0)),
        lambda: finish(workspace, run=run.id, state="succeeded"),
        lambda: add_artifact(workspace, run=run.id, path="a", digest=workspace.blobs.put_bytes(b"a")),
    ):
        with pytest.raises(Conflict, match="is over"):
            change()


def test_an_artifact_is_a_blob_under_a_safe_name(workspace, run):
    digest = workspace.blobs.put_bytes(b"picture")
    add_artifact(workspace, run=run.id, path="plots/roc.png", digest=digest)
    add_artifact(workspace, run=run.id, path="plots/roc.png", digest=digest)
    assert [(item.path, item.size) for item in artifacts(workspace, run=run.id)] == [("plots/roc.png", 7)]
    assert types(workspace).count("run.artifact_added") == 1
    with pytest.raises(InvalidInput):
        add_artifact(workspace, run=run.id, path="../roc.png", digest=digest)
    with pytest.raises(NotFound):
        add_artifact(workspace, run=run.id, path="x", digest="0" * 64)


def test_runs_are_listed_newest_first_in_pages(workspace):
    made = [start(workspace, experiment=name).id for name in ("a", "b", "a", "a")]
    finish(workspace, run=made[0])
    first = list_runs(workspace, limit=3)
    assert [run.id for run in first.items] == [made[3], made[2], made[1]]
    assert [run.id for run in list_runs(workspace, before=first.next_cursor).items] == [made[0]]
    assert [run.id for run in list_runs(workspace, experiment="a", state="running").items] == [
        made[3],
        made[2],
    ]


def test_unknown_names_offer_near_misses(workspace, run):
    log(workspace, run=run.id, metrics=points(0.5))
    with pytest.raises(NotFound) as caught:
        metric(workspace, run=run.id, key="acu")
    assert "auc" in caught.value.hint
    with pytest.raises(NotFound) as caught:
        list_runs(workspace, experiment="dealy")
    assert "delay" in caught.value.hint
    with pytest.raises(NotFound, match="there is no run"):
        show(workspace, run="run-nothing")
    with pytest.raises(InvalidInput, match="no cursor"):
        metric(workspace, run=run.id, key="auc", after="x")


def test_a_batch_sent_twice_under_one_key_is_kept_once(workspace, run):
    once = workspace.with_(idempotency_key="batch-1")
    at = datetime(2026, 3, 1, tzinfo=UTC)
    for _ in range(2):
        log(once, run=run.id, metrics=[MetricPoint(key="auc", value=0.5, at=at)])
    assert show(workspace, run=run.id).metrics["auc"].count == 1
