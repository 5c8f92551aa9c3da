"""MLflow's protocol for experiments and runs, over plain HTTP requests."""

import math

import pytest

from meguru.governance.principals import create_principal
from meguru.governance.tokens import create_token
from meguru.kernel import events
from meguru.mlflow.tracking import experiment_operations as experiments
from meguru.mlflow.tracking import runs as pages
from meguru.tracking import heartbeat, lease, runs, show
from meguru.tracking.run_ids import from_hex, to_hex
from meguru.tracking.types import MetricPoint


def test_a_run_logged_by_mlflow_is_a_run_of_ours(mlflow, workspace):
    experiment = mlflow.experiment("My Flights!")
    identity = mlflow.run(experiment, start_time=1_700_000_000_123, run_name="first")
    metrics = [{"key": "auc", "value": value, "timestamp": 5, "step": value} for value in (1, 3, 2)]
    mlflow.post("runs/log-batch", run_id=identity, metrics=metrics, params=[{"key": "lr", "value": "0.1"}])
    mlflow.post("runs/update", run_id=identity, status="FINISHED", end_time=1_700_000_001_000)
    run = show.show(workspace, run=from_hex(identity))
    assert (run.experiment, run.name, run.state, run.params) == (
        "My Flights!",
        "first",
        "succeeded",
        {"lr": "0.1"},
    )
    assert run.started_at.isoformat() == "2023-11-14T22:13:20.123000+00:00"
    assert (run.metrics["auc"].value, run.metrics["auc"].count, run.metrics["auc"].minimum) == (3.0, 3, 1.0)
    with workspace.read() as tx:
        types = [each.type for each in events.read(tx, after=0, subject=run.ref)]
    assert types == ["run.started", "run.finished"]


def test_a_run_of_ours_is_a_run_in_mlflow(mlflow, workspace):
    run = runs.start(workspace, experiment="flights", params={"a": "b"})
    runs.log(workspace, run=run.id, metrics=[MetricPoint(key="m", value=0.5, step=2)])
    runs.finish(workspace, run=run.id, state="failed")
    number = mlflow.get("experiments/get-by-name", experiment_name="flights")["experiment"]["experiment_id"]
    assert mlflow.search(number, "params.a = 'b' and metrics.m > 0.4") == [to_hex(run.id)]
    shown = mlflow.get("runs/get", run_id=to_hex(run.id))["run"]
    assert (shown["info"]["status"], shown["info"]["lifecycle_stage"]) == ("FAILED", "active")
    assert shown["data"]["metrics"][0]["value"] == 0.5


def test_both_names_of_a_run_are_one_number(workspace):
    run = runs.start(workspace).id
    assert from_hex(to_hex(run)) == run
    assert len(to_hex(run)) == 32
    assert from_hex("anything else") == to_hex("anything else") == "anything else"


def test_experiments_have_numbers_any_name_and_tags(mlflow):
    first, second = mlflow.experiment("A b"), mlflow.experiment("a B")
    assert first != second
    assert mlflow.post("experiments/create", name="A b")[:2] == (400, "RESOURCE_ALREADY_EXISTS")
    assert mlflow.post("experiments/set-experiment-tag", experiment_id=first, key="k", value="") == {}
    assert mlflow.post("experiments/update", experiment_id=first, new_name="other") == {}
    shown = mlflow.get("experiments/get", experiment_id=first)["experiment"]
    assert (shown["name"], shown["tags"]) == ("other", [{"key": "k", "value": ""}])
    assert mlflow.get("experiments/get", experiment_id="0")["experiment"]["name"] == "Default"
    assert mlflow.get("experiments/get", experiment_id="99")[:2] == (404, "RESOURCE_DOES_NOT_EXIST")


def test_a_deleted_experiment_takes_no_runs_until_it_is_restored(mlflow):
    number = mlflow.experiment()
    mlflow.post("experiments/delete", experiment_id=number)
    assert mlflow.post("runs/create", experiment_id=number)[1] == "INVALID_PARAMETER_VALUE"
    names = [each["name"] for each in mlflow.post("experiments/search", max_results=9)["experiments"]]
    assert names == ["Default"]
    mlflow.post("experiments/restore", experiment_id=number)
    assert mlflow.run(number)


def test_a_deleted_run_can_not_be_written_and_is_found_only_when_asked_for(mlflow):
    number = mlflow.experiment()
    run = mlflow.run(number)
    assert mlflow.post("runs/delete", run_id=run) == {}
    refused = mlflow.post("runs/log-metric", run_id=run, key="k", value=1, timestamp=1)
    assert "must be in the 'active' state" in refused[2]
    assert mlflow.search(number) == []
    assert mlflow.search(number, run_view_type="ALL") == [run]
    assert mlflow.post("runs/restore", run_id=run) == {}
    assert mlflow.search(number) == [run]


def test_an_ended_run_takes_more_and_can_be_started_again(mlflow, workspace):
    run = mlflow.run()
    mlflow.post("runs/update", run_id=run, status="KILLED", end_time=7)
    assert mlflow.post("runs/log-metric", run_id=run, key="k", value=1, timestamp=1) == {}
    again = mlflow.post("runs/update", run_id=run, status="RUNNING")["run_info"]
    assert again["status"] == "RUNNING"
    assert again == mlflow.get("runs/get", run_id=run)["run"]["info"]
    assert show.show(workspace, run=from_hex(run)).finished_at is None


def test_numbers_that_are_none_come_back_as_mlflow_writes_them(mlflow):
    run = mlflow.run()
    for key, value in (("a", "NaN"), ("b", "Infinity"), ("c", "-Infinity")):
        assert mlflow.post("runs/log-metric", run_id=run, key=key, value=value, timestamp=1) == {}
    data = mlflow.get("runs/get", run_id=run)["run"]["data"]
    values = {each["key"]: float(each["value"]) for each in data["metrics"]}
    assert math.isnan(values["a"])
    assert values["b"] == -values["c"] == 1.7976931348623157e308


def test_a_batch_that_is_sent_twice_is_kept_once(mlflow):
    run = mlflow.run()
    points = [{"key": "k", "value": step / 2, "timestamp": 1, "step": step} for step in range(5)]
    for _ in range(2):
        mlflow.post("runs/log-batch", run_id=run, metrics=points)
    found = mlflow.get("metrics/get-history", run_id=run, metric_key="k")["metrics"]
    assert [each["step"] for each in found] == [0, 1, 2, 3, 4]


def test_a_batch_with_one_fault_leaves_nothing(mlflow):
    run = mlflow.run()
    good = {"key": "k", "value": 1, "timestamp": 1}
    mlflow.post("runs/log-parameter", run_id=run, key="p", value="1")
    refused = mlflow.post(
        "runs/log-batch",
        run_id=run,
        metrics=[good],
        params=[{"key": "p", "value": "2"}, {"key": "q", "value": ""}],
    )
    assert refused[:2] == (400, "INVALID_PARAMETER_VALUE")
    assert mlflow.post("runs/log-batch", run_id=run, metrics=[good, {**good, "key": "/x"}])[0] == 400
    data = mlflow.get("runs/get", run_id=run)["run"]["data"]
    assert (data["metrics"], data["params"]) == ([], [{"key": "p", "value": "1"}])


def test_numbers_in_quotes_are_numbers(mlflow):
    run = mlflow.run()
    point = {"key": "k", "value": "1.5", "timestamp": "12", "step": "3"}
    assert mlflow.post("runs/log-batch", run_id=run, metrics=[point]) == {}
    found = mlflow.get("metrics/get-history", run_id=run, metric_key="k")["metrics"]
    assert found == [{"key": "k", "value": 1.5, "timestamp": 12, "step": 3}]


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("log-metric", {"key": "k", "value": 1}, "Missing value for required parameter 'timestamp'"),
        (
            "log-metric",
            {"key": 3, "value": 1, "timestamp": 1},
            "Invalid value 3 for parameter 'key' supplied",
        ),
        ("log-metric", {"key": "k", "value": 1, "timestamp": -1}, "parameter 'timestamp'"),
        ("log-metric", {"key": "a/../b", "value": 1, "timestamp": 1}, "parameter 'name'"),
        ("log-batch", {"tags": [{"key": {}, "value": "v"}]}, "for parameter 'tags' supplied"),
        ("log-batch", {"metrics": "foo"}, "Invalid value \"foo\" for parameter 'metrics' supplied"),
        ("log-batch", {"metrics": [{"key": "k", "value": 1, "timestamp": 1}] * 1001}, "at most 1000 metrics"),
        ("log-batch", {"params": [{"key": "k", "value": "1"}, {"key": "k", "value": "2"}]}, "Duplicate"),
        ("set-tag", {"key": "k", "value": 41}, "Invalid value 41 for parameter 'value' supplied"),
        ("delete-tag", {"key": "k"}, "No tag with name: k"),
        ("update", {"status": "LOST"}, "parameter 'status'"),
        ("log-inputs", {"datasets": [{"dataset": {"name": "n"}}]}, "parameter 'digest'"),
    ],
)
def test_what_is_wrong_is_named(mlflow, path, body, says):
    status, _, message = mlflow.post(f"runs/{path}", run_id=mlflow.run(), **body)
    assert status in {400, 404}
    assert says in message


def test_history_comes_in_pages(mlflow):
    run = mlflow.run()
    points = [{"key": "k", "value": 1, "timestamp": 1, "step": step} for step in (3, 1, 2, 2, 0)]
    points[3]["value"] = 9
    mlflow.post("runs/log-batch", run_id=run, metrics=points)
    steps, token = [], ""
    for _ in range(3):
        page = mlflow.get("metrics/get-history", run_id=run, metric_key="k", max_results=2, page_token=token)
        steps += [each["step"] for each in page["metrics"]]
        token = page.get("next_page_token", "")
    assert (steps, token) == ([0, 1, 2, 2, 3], "")


def test_a_sample_has_the_first_and_the_last_step_of_each_run(mlflow):
    run = mlflow.run()
    points = [{"key": "k", "value": 1, "timestamp": 1, "step": step} for step in range(10)]
    mlflow.post("runs/log-batch", run_id=run, metrics=points)
    ask = {"run_ids": [run], "metric_key": "k", "max_results": 5}
    found = mlflow.get("metrics/get-history-bulk-interval", **ask)["metrics"]
    assert [each["step"] for each in found] == [0, 2, 4, 6, 9]
    found = mlflow.get("metrics/get-history-bulk-interval", **ask, start_step=3, end_step=5)["metrics"]
    assert [each["step"] for each in found] == [3, 4, 5]


def test_dataset_inputs_are_kept_shown_and_found(mlflow):
    number = mlflow.experiment()
    run = mlflow.run(number)
    dataset = {"name": "d", "digest": "1", "source_type": "s", "source": "x"}
    tags = [{"key": "mlflow.data.context", "value": "train"}]
    for _ in range(2):
        mlflow.post("runs/log-inputs", run_id=run, datasets=[{"tags": tags, "dataset": dataset}])
    inputs = mlflow.get("runs/get", run_id=run)["run"]["inputs"]["dataset_inputs"]
    assert inputs == [{"tags": tags, "dataset": dataset}]
    assert mlflow.search(number, "dataset.name = 'd' and datasets.context = 'train'") == [run]
    assert mlflow.search(number, "dataset.digest = '2'") == []
    found = mlflow.post("experiments/search-datasets", experiment_ids=[number])["dataset_summaries"]
    assert found == [{"experiment_id": number, "name": "d", "digest": "1", "context": "train"}]


def test_what_is_not_supported_is_said_in_the_protocols_words(mlflow):
    status, code, message = mlflow.post("traces/search")
    assert (status, code) == (404, "ENDPOINT_NOT_FOUND")
    assert "not supported here" in message
    assert mlflow.http.get("/version").text.startswith("3.")
    assert mlflow.http.post("/ajax-api/2.0/mlflow/experiments/search", json={}).status_code == 200
    assert mlflow.http.post("/api/2.0/mlflow/runs/create", content=b"{").json()["error_code"] == "BAD_REQUEST"


def test_only_those_who_may_write_runs_can_log(workspace, caller_of):
    create_principal(workspace, name="reader", role="viewer")
    token = create_token(workspace, principal="reader").secret
    with caller_of(workspace, auth=True) as mlflow:
        mlflow.http.headers["Authorization"] = f"Bearer {token}"
        assert mlflow.post("experiments/search")["experiments"]
        for path in ("runs/log-batch", "runs/log-metric", "runs/create", "runs/set-tag", "runs/delete-tag"):
            body = {"run_id": "x", "key": "k", "value": "1", "timestamp": 1}
            assert mlflow.post(path, **body)[:2] == (403, "PERMISSION_DENIED"), path


def test_a_silent_run_of_ours_is_not_swept_when_mlflow_owns_it(mlflow, workspace, clock):
    run = mlflow.run()
    assert heartbeat.sweep(workspace) == []
    assert show.show(workspace, run=from_hex(run)).state == "running"


def test_a_run_is_told_as_it_will_be_shown(mlflow):
    experiment = mlflow.experiment()
    tags = [{"key": "z", "value": "1"}, {"key": "a", "value": "ü"}]
    for given in ({"run_name": "first", "user_id": "me", "start_time": 7, "tags": tags}, {}):
        made = mlflow.post("runs/create", experiment_id=experiment, **given)
        assert mlflow.get("runs/get", run_id=made["run"]["info"]["run_id"]) == made


def test_a_change_of_an_experiment_that_changes_nothing_is_no_error_and_no_event(workspace, mlflow):
    mlflow.experiment()
    with workspace.read() as tx:
        before = events.read(tx, limit=100)
    experiments.change(workspace, experiment=1, tags={})
    with workspace.read() as tx:
        assert events.read(tx, limit=100) == before


def test_a_run_that_a_client_ends_is_not_said_to_have_gone_silent(mlflow, workspace):
    run = runs.start(workspace, lease=60.0)
    runs.finish(workspace, run=run.id, state="failed", error=lease.SILENT)
    assert "run_info" in mlflow.post("runs/update", run_id=to_hex(run.id), status="FINISHED", end_time=1)
    assert show.show(workspace, run=run.id).error == ""


def test_a_history_of_models_that_a_client_wrote_itself_is_refused_in_words(mlflow):
    run = mlflow.run()
    mlflow.post("runs/set-tag", run_id=run, key="mlflow.log-model.history", value="none")
    status, code, _ = mlflow.post("runs/log-model", run_id=run, model_json="{}")
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")


def test_runs_that_were_removed_while_a_page_is_written_leave_it_whole(workspace):
    assert b"".join(pages._written(workspace, [["run-x"], ["run-y"]], "")) == b'{"runs":[]}'
