"""What MLflow's own server does: generated names, moments, lengths, locations, and its words of refusal."""

import re

import pytest

from meguru.mlflow.tracking.run_names import ADJECTIVES, ANIMALS
from meguru.tracking.run_ids import from_hex
from meguru.tracking.show import show


def info_of(mlflow, run):
    return mlflow.get("runs/get", run_id=run)["run"]["info"]


@pytest.mark.parametrize("given", [{}, {"run_name": ""}, {"run_name": None}])
def test_a_run_without_a_name_gets_an_adjective_an_animal_and_a_number(mlflow, given):
    run = mlflow.post("runs/create", experiment_id="0", **given)["run"]
    adjective, animal, number = run["info"]["run_name"].split("-")
    assert (adjective in ADJECTIVES, animal in ANIMALS, 0 <= int(number) < 1000) == (True, True, True)
    assert {"key": "mlflow.runName", "value": run["info"]["run_name"]} in run["data"]["tags"]
    assert info_of(mlflow, run["info"]["run_id"])["run_name"] == run["info"]["run_name"]


def test_words_of_names_are_plain_and_each_is_there_once():
    for words in (ADJECTIVES, ANIMALS):
        assert len(set(words)) == len(words) > 50
        assert all(re.fullmatch("[a-z]{2,12}", word) for word in words)


def test_a_run_that_ends_without_a_moment_has_none_until_one_is_told(mlflow, workspace):
    run = mlflow.run()
    ended = mlflow.post("runs/update", run_id=run, status="FINISHED")["run_info"]
    assert (ended["status"], "end_time" in ended) == ("FINISHED", False)
    assert show(workspace, run=from_hex(run)).finished_at is None
    assert mlflow.post("runs/update", run_id=run, status="FINISHED", end_time=7)["run_info"]["end_time"] == 7
    assert mlflow.post("runs/update", run_id=run, status="FAILED")["run_info"]["end_time"] == 7
    renamed = mlflow.post("runs/update", run_id=run, run_name="other")["run_info"]
    assert (renamed["status"], renamed["end_time"], renamed["run_name"]) == ("FAILED", 7, "other")
    for status in ("RUNNING", "SCHEDULED", "KILLED"):
        shown = mlflow.post("runs/update", run_id=run, status=status, end_time=9)["run_info"]
        assert (shown["status"], shown["end_time"]) == (status, 9)
    assert "end_time" not in mlflow.post("runs/update", run_id=run, status="RUNNING")["run_info"]


@pytest.mark.parametrize("moment", [-1, -123_456, -62_135_596_800_000, 0, 253_402_300_799_999])
def test_moments_before_1970_are_moments(mlflow, moment):
    run = mlflow.run(start_time=moment)
    mlflow.post("runs/update", run_id=run, status="FINISHED", end_time=moment)
    assert (info_of(mlflow, run)["start_time"], info_of(mlflow, run)["end_time"]) == (moment, moment)


@pytest.mark.parametrize("moment", [-62_135_596_800_001, 253_402_300_800_000, 2**63, "x", 1.5])
def test_what_no_calendar_holds_is_refused(mlflow, moment):
    answer = mlflow.post("runs/create", experiment_id="0", start_time=moment)
    assert answer[:2] == (400, "INVALID_PARAMETER_VALUE")
    answer = mlflow.post("runs/update", run_id=mlflow.run(), status="FINISHED", end_time=moment)
    assert answer[:2] == (400, "INVALID_PARAMETER_VALUE")


def test_runs_are_put_in_order_by_their_ends_those_before_1970_first_those_without_last(mlflow):
    experiment = mlflow.experiment()
    for number, end in enumerate([234, None, 456, -123, 789, 123]):
        run = mlflow.run(experiment, start_time=number, run_name=str(end))
        mlflow.post(
            "runs/update", run_id=run, status="FINISHED", **({} if end is None else {"end_time": end})
        )

    def names(order, where=""):
        return [info_of(mlflow, run)["run_name"] for run in mlflow.search(experiment, where, order)]

    assert names(["attribute.end_time asc"]) == ["-123", "123", "234", "456", "789", "None"]
    assert names(["attribute.end_time desc"]) == ["789", "456", "234", "123", "-123", "None"]
    assert names(["end_time"], "attributes.end_time < 0") == ["-123"]


def test_deleting_and_restoring_a_run_again_changes_nothing(mlflow):
    run = mlflow.run()
    for call in ("restore", "delete", "delete", "restore"):
        assert mlflow.post(f"runs/{call}", run_id=run) == {}
        stage = "deleted" if call == "delete" else "active"
        assert info_of(mlflow, run)["lifecycle_stage"] == stage


@pytest.mark.parametrize(
    ("location", "root"),
    [
        ("s3://bucket/path", "s3://bucket/path/RUN/artifacts"),
        ("s3://bucket/path/?creds=mine", "s3://bucket/path/RUN/artifacts?creds=mine"),
        ("wasbs://c@a.blob/x?sas=1&b=/2", "wasbs://c@a.blob/x/RUN/artifacts?sas=1&b=/2"),
        ("db+driver://root@host/name?schema=a", "db+driver://root@host/name/RUN/artifacts?schema=a"),
    ],
)
def test_a_location_keeps_its_query_at_its_end(mlflow, location, root):
    made = mlflow.post("experiments/create", name="located", artifact_location=location)["experiment_id"]
    shown = mlflow.get("experiments/get", experiment_id=made)["experiment"]
    assert shown["artifact_location"] == location
    run = mlflow.run(made)
    uri = info_of(mlflow, run)["artifact_uri"]
    assert uri == root.replace("RUN", run)
    assert mlflow.get("artifacts/list", run_id=run)["root_uri"] == uri
    for where in (f"= '{uri}'", f"LIKE '%{run}/art%'", f"IN ('{uri}')", f"!= '{uri}x'"):
        assert mlflow.search(made, f"artifact_uri {where}") == [run]
    assert mlflow.search(made, f"artifact_uri = '{location}x/{run}/artifacts'") == []


@pytest.mark.parametrize(
    "location", ["s3://b/p#x", "http://h/p;x", "dbfs:/p?x=1#y", "s3://b/p?x=../y", "s3://b/p?%2e%2e"]
)
def test_a_location_has_neither_fragment_nor_params(mlflow, location):
    answer = mlflow.post("experiments/create", name="located", artifact_location=location)
    assert answer[:2] == (400, "INVALID_PARAMETER_VALUE")


def test_the_name_of_a_deleted_experiment_is_refused_with_the_way_out(mlflow):
    number = mlflow.experiment("learning")
    other = mlflow.experiment("other")
    mlflow.post("experiments/delete", experiment_id=number)
    for answer in (
        mlflow.post("experiments/create", name="learning"),
        mlflow.post("experiments/update", experiment_id=other, new_name="learning"),
    ):
        status, code, words = answer
        assert (status, code) == (400, "RESOURCE_ALREADY_EXISTS")
        assert words.startswith("Experiment(name=learning) already exists in deleted state")
        for way in (f"restore_experiment('{number}')", "experiments rename", "experiments purge"):
            assert way in words
    mlflow.post("experiments/restore", experiment_id=number)
    words = mlflow.post("experiments/create", name="learning")[2]
    assert words.startswith("Experiment(name=learning) already exists. ")
    assert "restore" not in words


DATASET = {"name": "a", "digest": "d", "source_type": "s", "source": "x"}


@pytest.mark.parametrize(
    ("field", "most"),
    [("name", 500), ("digest", 36), ("source", 65_535), ("schema", 1_048_575), ("profile", 16_777_215)],
)
def test_a_dataset_may_be_described_so_far(mlflow, field, most):
    def log(length):
        given = {"dataset": DATASET | {field: "x" * length}}
        return mlflow.post("runs/log-inputs", run_id=mlflow.run(), datasets=[given])

    assert log(most) == {}
    words = f"'{field}' exceeds the maximum length of {most} characters"
    assert log(most + 1) == (400, "INVALID_PARAMETER_VALUE", words)


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ({"key": "k" * 256, "value": "v"}, "'key' exceeds the maximum length of 255 characters."),
        ({"key": "k", "value": "v" * 501}, "'value' exceeds the maximum length of 500 characters."),
    ],
)
def test_the_tag_of_an_input_may_be_so_long(mlflow, tag, words):
    given = [{"dataset": DATASET, "tags": [tag]}]
    assert mlflow.post("runs/log-inputs", run_id=mlflow.run(), datasets=given)[2] == words


REFUSED = [
    (
        "POST",
        "experiments/create",
        {"name": "x" * 501},
        "'name' exceeds the maximum length of 500 characters",
    ),
    (
        "POST",
        "experiments/update",
        {"experiment_id": "0", "new_name": "x" * 501},
        "'name' exceeds the maximum",
    ),
    (
        "GET",
        "experiments/get",
        {"experiment_id": "abc"},
        "Invalid experiment ID 'abc'. Experiment ID must be a valid integer.",
    ),
    ("POST", "runs/create", {"experiment_id": "abc"}, "Invalid experiment ID 'abc'"),
    ("POST", "runs/search", {"experiment_ids": ["0", "abc"]}, "Invalid experiment ID 'abc'"),
    (
        "POST",
        "experiments/set-experiment-tag",
        {"experiment_id": "0", "key": "k", "value": "a" * 20_001},
        "'value' exceeds the maximum length of 20000 characters",
    ),
    (
        "POST",
        "runs/create",
        {"experiment_id": "0", "run_name": "a", "tags": [{"key": "mlflow.runName", "value": "b"}]},
        "are specified, but with different values (run_name='a', mlflow.runName='b').",
    ),
    (
        "POST",
        "experiments/search",
        {"max_results": 0},
        "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer",
    ),
    (
        "POST",
        "experiments/search",
        {"max_results": 1_000_000},
        "Invalid value 1000000 for parameter 'max_results' supplied. It must be at most 50000",
    ),
    (
        "POST",
        "runs/search",
        {"experiment_ids": ["0"], "max_results": 50_001},
        "Invalid value 50001 for parameter",
    ),
    (
        "GET",
        "metrics/get-history",
        {"run_id": "RUN", "metric_key": "m", "page_token": "bad"},
        "Invalid page token",
    ),
    ("POST", "experiments/search", {"page_token": "bad"}, "Invalid page token"),
    ("POST", "runs/search", {"experiment_ids": ["0"], "page_token": "bad"}, "Invalid page token"),
    ("GET", "registered-models/search", {"page_token": "bad"}, "Invalid page token"),
    ("GET", "model-versions/search", {"page_token": "bad"}, "Invalid page token"),
    ("POST", "logged-models/search", {"experiment_ids": ["0"], "page_token": "bad"}, "Invalid page token"),
    (
        "POST",
        "runs/search",
        {"experiment_ids": ["0"], "filter": "attribute.lifecycle_stage = 'active'"},
        "Invalid attribute key 'lifecycle_stage' specified",
    ),
    (
        "POST",
        "experiments/search",
        {"filter": "name IS NULL"},
        "IS NULL / IS NOT NULL is only supported for tags",
    ),
    (
        "POST",
        "runs/search",
        {"experiment_ids": ["0"], "filter": "metrics.m = 'x'"},
        "Expected numeric value type for metric. Found 'x'",
    ),
    (
        "POST",
        "runs/search",
        {"experiment_ids": ["0"], "filter": "params.p = 1"},
        "Expected a quoted string value for parameter",
    ),
    (
        "POST",
        "runs/search",
        {"experiment_ids": ["0"], "filter": "params.p = '1' OR params.q = '1'"},
        "Invalid clause(s) in filter string",
    ),
    (
        "POST",
        "runs/search",
        {"experiment_ids": ["0"], "order_by": ["metrics.a upwards"]},
        "Invalid ordering key",
    ),
    (
        "POST",
        "runs/search",
        {"experiment_ids": ["0"], "order_by": ["metrics.a ASC b"]},
        "Could not be parsed",
    ),
    ("POST", "runs/search", {"experiment_ids": ["0"], "order_by": ["tags.`x"]}, "Could not be parsed"),
    ("POST", "runs/search", {"experiment_ids": ["0"], "order_by": [""]}, "Could not be parsed"),
    ("POST", "experiments/search", {"order_by": ["tags.x"]}, "Invalid order_by entity: tag"),
    (
        "GET",
        "registered-models/search",
        {"order_by": "creation_timestamp"},
        "Invalid order by key 'creation_timestamp' specified",
    ),
    (
        "GET",
        "registered-models/search",
        {"order_by": "tags.x DESC"},
        "Invalid order by key 'tags.x' specified",
    ),
    ("GET", "model-versions/search", {"order_by": "run_id"}, "Invalid attribute key 'run_id' specified"),
    ("GET", "model-versions/search", {"order_by": "tags.x"}, "Invalid order by key"),
    (
        "GET",
        "model-versions/search",
        {"max_results": 0},
        "Invalid value for max_results. It must be a positive integer",
    ),
    (
        "POST",
        "registered-models/create",
        {"name": "a/b"},
        "Invalid model name 'a/b'. Names cannot contain '/' or ':'.",
    ),
    (
        "POST",
        "registered-models/create",
        {"name": "x" * 257},
        "'name' exceeds the maximum length of 256 characters",
    ),
    (
        "POST",
        "runs/log-metric",
        {"run_id": "RUN", "key": "m", "value": 1, "timestamp": -1},
        "Invalid value -1",
    ),
]


@pytest.mark.parametrize(("method", "path", "given", "words"), REFUSED, ids=lambda value: str(value)[:60])
def test_what_mlflow_refuses_is_refused_in_its_words(mlflow, method, path, given, words):
    run = mlflow.run()
    given = {key: run if value == "RUN" else value for key, value in given.items()}
    answer = mlflow.post(path, **given) if method == "POST" else mlflow.get(path, **given)
    assert answer[:2] == (400, "INVALID_PARAMETER_VALUE")
    assert words in answer[2]


def test_a_word_of_the_protocol_may_come_as_its_number(mlflow):
    run, experiment = mlflow.run(), "0"
    assert mlflow.post("runs/update", run_id=run, status=3, end_time=1)["run_info"]["status"] == "FINISHED"
    mlflow.post("runs/delete", run_id=run)
    assert mlflow.search(experiment, run_view_type=2) == [run]
    assert mlflow.search(experiment, run_view_type="3") == [run]
    for wrong in (0, 6, -1, 1.5, True, "finished"):
        assert mlflow.post("runs/update", run_id=run, status=wrong)[1] == "INVALID_PARAMETER_VALUE"
