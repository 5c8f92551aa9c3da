"""The filter and order grammar of MLflow, read and searched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.testclient import TestClient

from meguru.app.nouns import load_operations
from meguru.errors import InvalidInput
from meguru.mlflow.protocol.routes import mlflow_routes
from meguru.server.access import Access
from meguru.storage.db.raw import Bound
from meguru.tracking.search import grammar, start_point

KINDS = ("attribute", "metric", "param", "tag", "dataset")
BASE = "http://127.0.0.1"
PREFIX = "/api/2.0/mlflow/runs/"


@pytest.fixture
def search(workspace):
    """Six runs, and a search that tells which of them it found: 0 is the oldest."""
    load_operations()
    app = Access(Starlette(routes=mlflow_routes()), ws=workspace, auth=False)
    with TestClient(app, base_url=BASE) as http:
        ids = []
        for number in range(6):
            body = {"experiment_id": "0", "start_time": 1000 + number, "run_name": f"Run{number}"}
            ids.append(http.post(PREFIX + "create", json=body).json()["run"]["info"]["run_id"])
            value = "NaN" if number == 5 else number / 10
            metrics = [("acc", value), ("val/loss", 1 - number / 10)]
            params = [("lr", f"0.0{number}"), ("opt", "Adam" if number % 2 else "sgd")]
            batch = {
                "run_id": ids[-1],
                "metrics": [{"key": key, "value": each, "timestamp": 1} for key, each in metrics],
                "params": [{"key": key, "value": each} for key, each in params],
                "tags": [{"key": "team", "value": "Blue" if number < 3 else "red"}],
            }
            assert http.post(PREFIX + "log-batch", json=batch).status_code == 200
        http.post(PREFIX + "update", json={"run_id": ids[0], "status": "FINISHED", "end_time": 2000})
        for number, names in ((2, ["rows"]), (3, ["rows", "more"])):
            every = {"source_type": "s", "source": "x"}
            given = [{"dataset": {"name": name, "digest": f"d-{name}", **every}} for name in names]
            assert http.post(
                PREFIX + "log-inputs", json={"run_id": ids[number], "datasets": given}
            ).is_success

        def find(text="", *order, **more):
            body = {"experiment_ids": ["0"], "filter": text.format(*ids), "order_by": order, **more}
            answer = http.post(PREFIX + "search", json=body).json()
            found = [ids.index(run["info"]["run_id"]) for run in answer["runs"]]
            return (found, answer.get("next_page_token", "")) if "max_results" in more else found

        yield find


FILTERS = [
    ("", [5, 4, 3, 2, 1, 0]),
    ("metrics.acc > 0.15", [4, 3, 2]),
    ("metric.acc >= 0.1 and metrics.acc <= 0.2", [2, 1]),
    ("metrics.`val/loss` < 0.75", [5, 4, 3]),
    ('metrics."val/loss" < 0.75', [5, 4, 3]),
    ("params.lr = '0.01'", [1]),
    ("params.opt != 'sgd'", [5, 3, 1]),
    ("params.opt LIKE 'a%'", []),
    ("params.opt ILIKE 'a%'", [5, 3, 1]),
    ("params.opt LIKE '_gd'", [4, 2, 0]),
    ("params.opt LIKE '[s]*'", []),
    ("tags.nope IS NULL AND tags.team = 'red'", [5, 4, 3]),
    ("tags.nope IS NOT NULL", []),
    ("attributes.status = 'FINISHED'", [0]),
    ("status != 'FINISHED'", [5, 4, 3, 2, 1]),
    ("attributes.`run name` LIKE 'Run%' and start_time >= 1004", [5, 4]),
    ("end_time <= 2000", [0]),
    ("tags.mlflow.runName = 'Run2'", [2]),
    ("run_id = '{2}'", [2]),
    ("attributes.run_id IN ('{2}', '{4}')", [4, 2]),
    ("run_id NOT IN ('{2}')", [5, 4, 3, 1, 0]),
    ("metrics.acc > 0.35 and metrics.acc < 0.1", []),
    ("metrics.acc > 0.05 and metrics.acc <= 0.3 and metrics.acc != 0.2", [3, 1]),
    ("params.lr LIKE '0.0%' and params.opt = 'sgd'", [4, 2, 0]),
    ("params.lr IN ('0.01', '0.02', 'x') and metrics.acc > 0", [2, 1]),
    ("params.lr LIKE '0.01_%'", []),
    ("params.lr LIKE '0.01%'", [1]),
    ("params.opt = ''", []),
    ("status = 'RUNNING' and tags.team = 'Blue'", [2, 1]),
    ("datasets.name = 'rows'", [3, 2]),
    ("datasets.digest LIKE 'd%' and metrics.acc < 0.25", [2]),
    ("datasets.name != 'rows'", [3]),
]


@pytest.mark.parametrize(("text", "found"), FILTERS)
def test_filters(search, text, found):
    assert search(text) == found


ORDERS = [
    (["metrics.acc ASC"], [0, 1, 2, 3, 4, 5]),
    (["metrics.acc DESC"], [4, 3, 2, 1, 0, 5]),
    (["metrics.none"], [5, 4, 3, 2, 1, 0]),
    (["params.opt", "start_time ASC"], [1, 3, 5, 0, 2, 4]),
    (["end_time"], [0, 5, 4, 3, 2, 1]),
    (["tags.team DESC"], [5, 4, 3, 2, 1, 0]),
    (["run_name DESC"], [5, 4, 3, 2, 1, 0]),
]


@pytest.mark.parametrize(("order", "found"), ORDERS)
def test_orders_are_the_same_whole_and_in_pages(search, order, found):
    assert search("", *order) == found
    pages, token = [], ""
    for _ in range(3):
        page, token = search("", *order, max_results=2, page_token=token)
        pages += page
    assert (pages, token) == (found, "")


@pytest.mark.parametrize(
    ("few", "steps"), [(1000, 10**6), (0, 10**6), (0, 1)], ids=["at few rows", "in order", "anywhere else"]
)
def test_wherever_a_search_begins_it_finds_the_same(search, monkeypatch, few, steps):
    monkeypatch.setattr(start_point, "SMALL_EXPERIMENT", 0)
    monkeypatch.setattr(start_point, "MIN_FEW_ROWS", few)
    monkeypatch.setattr(start_point, "MAX_FEW_ROWS", few)
    monkeypatch.setattr(start_point, "BOUND", Bound(steps, 1000))
    for text, found in FILTERS:
        assert search(text) == found, text
        by_metric = [run for run in (4, 3, 2, 1, 0, 5) if run in found]
        assert search(text, "metrics.acc DESC") == by_metric, text
        assert search(text, "params.lr ASC") == sorted(found), text
    for order, found in ORDERS:
        assert search("", *order) == found, order
        assert search("params.lr LIKE '0.0%'", *order) == found, order


@pytest.mark.parametrize(
    "text",
    [
        "metrics.acc = 'a'",
        "params.lr = 1",
        "params.lr > '1'",
        "foo.x = 'a'",
        "metrics.acc >",
        "params.lr = '1' OR params.lr = '2'",
        "params.lr = '1' and",
        "(params.lr = '1')",
        "params.lr = 'a",
        "run_id IN ()",
        "attributes.nope = 'x'",
    ],
)
def test_what_can_not_be_read_is_refused(search, text):
    with pytest.raises(KeyError, match="runs"):
        search(text)


def test_a_key_may_be_in_an_order_once():
    with pytest.raises(InvalidInput, match="duplicate"):
        grammar.read_order(["metrics.a", "metric.a DESC"], kinds=KINDS)


@given(st.text())
def test_any_text_is_read_or_refused(text):
    code, clauses = "", []
    try:
        clauses = grammar.read_filter(text, kinds=KINDS)
    except InvalidInput as refusal:
        code = refusal.code
    assert code in {"", "MG-100"}
    assert all(clause.sign for clause in clauses)


@given(st.text(alphabet=st.characters(exclude_characters="'\\")))
def test_a_quoted_text_is_read_as_it_is(text):
    (clause,) = grammar.read_filter(f"params.k = '{text}'", kinds=KINDS)
    assert clause.value == text
