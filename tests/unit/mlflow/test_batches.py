"""Batches and histories in MLflow's protocol: what is kept, what is refused, and how it is read again."""

import pytest


def test_the_metrics_of_a_logged_model_are_the_models_too(mlflow):
    run = mlflow.run()
    model = mlflow.post("logged-models", experiment_id="0")["model"]["info"]["model_id"]
    point = {"key": "auc", "value": 0.5, "timestamp": 7, "step": 1, "model_id": model}
    named = {"dataset_name": "d", "dataset_digest": "1"}
    mlflow.post("runs/log-batch", run_id=run, metrics=[point, {**point, "step": 2, **named}])
    mlflow.post("runs/log-metric", run_id=run, **{**point, "step": 2, "value": 0.75, **named})
    shown = mlflow.get(f"logged-models/{model}")["model"]["data"]["metrics"]
    assert shown == [
        {**point, "run_id": run},
        {**point, "step": 2, "value": 0.75, "run_id": run, **named},
    ]
    history = mlflow.get("metrics/get-history", run_id=run, metric_key="auc")["metrics"]
    assert [each["value"] for each in history] == [0.5, 0.5, 0.75]
    refused = mlflow.post("runs/log-metric", run_id=run, **{**point, "dataset_digest": "x" * 37})
    assert refused[:2] == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize(
    ("batch", "says"),
    [
        (
            {"metrics": [{"value": 1, "timestamp": 1}]},
            "Missing value for required parameter 'metrics[0].key'",
        ),
        (
            {"metrics": [{"key": "k", "value": 1, "timestamp": 1}, {"key": "k", "timestamp": 1}]},
            "Missing value for required parameter 'metrics[1].value'",
        ),
        (
            {"metrics": [{"key": "k", "value": 1}]},
            "Missing value for required parameter 'metrics[0].timestamp'",
        ),
        (
            {"metrics": [{"key": "k", "value": 1, "timestamp": -1}]},
            (
                "Invalid value -1 for parameter 'metrics[0].timestamp' supplied: metric 'k' (value=1). "
                "Timestamp must be a nonnegative long (64-bit integer)"
            ),
        ),
        (
            {"metrics": [{"key": "k", "value": "x", "timestamp": 1}]},
            "Invalid value \"x\" for parameter 'metrics[0].value' supplied",
        ),
        (
            {
                "metrics": [
                    {"key": "k", "value": 1, "timestamp": 1},
                    {"key": "a b\n", "value": 1, "timestamp": 1},
                ]
            },
            "Invalid value \"a b\\n\" for parameter 'metrics[1].name' supplied: Names may only contain",
        ),
        ({"params": [{"value": "x"}]}, "Missing value for required parameter 'params[0].key'"),
        ({"tags": [{"key": ["x"], "value": "x"}]}, "parameter 'tags' supplied"),
        ({"tags": [{"key": "x/../y"}]}, "parameter 'tags[0].key' supplied: Names may be treated as files"),
        (
            {"metrics": [{"key": "k" * 251, "value": 1, "timestamp": 1}]},
            "'Metric name' exceeds the maximum length of 250 characters",
        ),
        (
            {"params": [{"key": "p", "value": "1"}, {"key": "p", "value": "1"}]},
            "Duplicate parameter keys have been submitted: ['p']. Please ensure the request contains",
        ),
        (
            {"params": [{"key": f"p{n}", "value": "1"} for n in range(101)]},
            "A batch logging request can contain at most 100 params. Got 101 params. Please split up params",
        ),
        (
            {
                "metrics": [{"key": "k", "value": n, "timestamp": 1} for n in range(950)],
                "params": [{"key": f"p{n}", "value": "1"} for n in range(60)],
            },
            "can contain at most 1000 metrics, params, and tags. Got 1010 metrics, params, and tags.",
        ),
        ({"tags": [{"key": "t", "value": "a\0"}]}, "parameter 'tags[0].value' supplied"),
    ],
)
def test_a_fault_in_a_batch_is_told_in_the_protocols_words_and_nothing_is_kept(mlflow, batch, says):
    run = mlflow.run()
    status, code, message = mlflow.post("runs/log-batch", run_id=run, **batch)
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert says in message
    assert mlflow.get("runs/get", run_id=run)["run"]["data"]["metrics"] == []


def test_a_param_that_would_change_is_told_with_both_values(mlflow):
    run = mlflow.run()
    mlflow.post("runs/log-parameter", run_id=run, key="p", value="1")
    _, _, one = mlflow.post("runs/log-parameter", run_id=run, key="p", value="2")
    assert "Param with key='p' was already logged with value='1'" in one
    two = [{"key": "p", "value": "2"}, {"key": "q", "value": "3"}]
    _, _, many = mlflow.post("runs/log-batch", run_id=run, params=two)
    assert "Params were already logged='[{'key': 'p', 'old_value': '1', 'new_value': '2'}]'" in many


def test_numbers_as_pythons_json_writes_them_are_read(mlflow):
    run = mlflow.run()
    body = f'{{"run_id": "{run}", "metrics": [{{"key": "k", "value": NaN, "timestamp": 1}}]}}'
    assert mlflow.http.post("/api/2.0/mlflow/runs/log-batch", content=body.encode()).json() == {}
    half = f'{{"run_id": "{run}", "tags": [{{"key": "k", "value": "\\ud800"}}]}}'
    refused = mlflow.http.post("/api/2.0/mlflow/runs/log-batch", content=half.encode())
    assert (refused.status_code, refused.json()["error_code"]) == (400, "BAD_REQUEST")
    found = mlflow.get("metrics/get-history", run_id=run, metric_key="k")["metrics"]
    assert [each["value"] for each in found] == ["NaN"]


def test_models_of_old_clients_are_added_to_their_tag(mlflow):
    run = mlflow.run()
    for path in ("a", "b"):
        assert mlflow.post("runs/log-model", run_id=run, model_json=f'{{"artifact_path": "{path}"}}') == {}
    tags = mlflow.get("runs/get", run_id=run)["run"]["data"]["tags"]
    kept = {each["key"]: each["value"] for each in tags}["mlflow.log-model.history"]
    assert kept == '[{"artifact_path":"a"},{"artifact_path":"b"}]'
    assert mlflow.post("runs/log-model", run_id=run, model_json="x")[1] == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_pages_of_points_that_share_a_step_and_a_time_lose_none(mlflow, size):
    run = mlflow.run()
    points = [{"key": "k", "value": value, "timestamp": 1, "step": value // 4} for value in range(7)]
    mlflow.post("runs/log-batch", run_id=run, metrics=points)
    found, token = [], ""
    while True:
        page = mlflow.get(
            "metrics/get-history", run_id=run, metric_key="k", max_results=size, page_token=token
        )
        found += [each["value"] for each in page["metrics"]]
        token = page.get("next_page_token", "")
        if not token:
            break
    assert found == list(range(7))


def test_a_long_history_is_written_while_it_is_read(mlflow):
    run = mlflow.run()
    for start in range(0, 21_000, 1000):
        points = [{"key": "k", "value": s, "timestamp": 5, "step": s} for s in range(start, start + 1000)]
        mlflow.post("runs/log-batch", run_id=run, metrics=points)
    response = mlflow.http.get(f"/api/2.0/mlflow/metrics/get-history?run_id={run}&metric_key=k")
    assert "content-length" not in response.headers
    found = response.json()
    assert "next_page_token" not in found
    assert [each["step"] for each in found["metrics"]] == list(range(21_000))
    assert mlflow.get("metrics/get-history", run_id=run, metric_key="other") == {"metrics": []}
    assert mlflow.get("metrics/get-history", run_id=run, metric_key="k", page_token="x")[0] == 400


def test_runs_with_very_many_metrics_are_found_in_parts(mlflow, monkeypatch):
    monkeypatch.setattr("meguru.mlflow.tracking.answers.METRICS_AT_ONCE", 25)
    runs = []
    for count in (20, 0, 30, 4, 4):
        runs.append(mlflow.run())
        metrics = [{"key": f"k{n}", "value": n, "timestamp": 1} for n in range(count)]
        mlflow.post("runs/log-batch", run_id=runs[-1], metrics=metrics)
    found = mlflow.post("runs/search", experiment_ids=["0"], max_results=5)
    assert {each["info"]["run_id"]: len(each["data"]["metrics"]) for each in found["runs"]} == dict(
        zip(runs, (20, 0, 30, 4, 4), strict=True)
    )
    assert len(mlflow.post("runs/search", experiment_ids=["0"], max_results=4)["runs"]) == 4
