"""The contract of MLflow's protocol for runs: the same answers on every database."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from meguru.app.nouns import load_operations
from meguru.mlflow.protocol.routes import mlflow_routes
from meguru.mlflow.registry.routes import other_routes
from meguru.server.access import Access
from meguru.storage.db.raw import Bound
from meguru.tracking.search import start_point

if TYPE_CHECKING:
    from meguru.kernel.workspace import Workspace

ProtocolCall = Any
FILTERS = {
    "metrics.acc > 0.15": [4, 3, 2],
    "metrics.acc > 0.05 and params.opt = 'sgd'": [4, 2],
    "metrics.acc != 0.2 and metrics.`val/loss` <= 0.9": [4, 3, 1],
    "params.opt != 'sgd'": [5, 3, 1],
    "params.opt LIKE 'a%'": [],
    "params.opt ILIKE 'a%'": [5, 3, 1],
    "params.long = '{long}3'": [3],
    "tags.nope IS NULL and tags.team = 'red'": [5, 4, 3],
    "tags.team IS NOT NULL and start_time < 1002": [1, 0],
    "status != 'FINISHED' and run_name LIKE 'Run_'": [5, 4, 3, 2, 1],
    "run_name = 'Run3' and metrics.acc > 0": [3],
    "attributes.`run name` IN ('Run1', 'Run9')": [1],
    "run_name LIKE 'Run4%'": [4],
    "run_id = '{2}'": [2],
    "run_id NOT IN ('{2}', '{3}')": [5, 4, 1, 0],
    "run_id LIKE '{2}%'": [2],
    "run_id LIKE '%{tail}'": [4],
    "run_id ILIKE '{TAIL}%'": [],
    "artifact_uri = 'mlflow-artifacts:/0/{1}/artifacts'": [1],
    "artifact_uri LIKE '%/{5}/%'": [5],
    "artifact_uri != 'mlflow-artifacts:/0/{1}/artifacts'": [5, 4, 3, 2, 0],
    "dataset.name = 'd' and datasets.context = 'train'": [2],
    "params.größe = '日本3'": [3],
    "params.`größe` LIKE '日_5'": [5],
    "metrics.acc < 1e999": [4, 3, 2, 1, 0],
}
ORDERS = {
    "metrics.acc ASC": [0, 1, 2, 3, 4, 5],
    "metrics.acc DESC": [4, 3, 2, 1, 0, 5],
    "metrics.even DESC": [4, 2, 0, 5, 3, 1],
    "metrics.none": [5, 4, 3, 2, 1, 0],
    "params.opt": [5, 3, 1, 4, 2, 0],
    "tags.team DESC": [5, 4, 3, 2, 1, 0],
    "artifact_uri DESC": [5, 4, 3, 2, 1, 0],
    "run_id": [0, 1, 2, 3, 4, 5],
    "end_time": [0, 5, 4, 3, 2, 1],
    "run_name DESC": [5, 4, 3, 2, 1, 0],
}


class MlflowContract:
    """Subclass it, with a fixture `workspace` that gives an empty one."""

    @pytest.fixture
    def call(self, workspace: Workspace) -> Iterator[ProtocolCall]:
        from starlette.applications import Starlette
        from starlette.testclient import TestClient

        load_operations()
        app = Access(Starlette(routes=mlflow_routes(other_routes())), ws=workspace, auth=False)
        with TestClient(app, base_url="http://127.0.0.1") as http:

            def ask(method: str, path: str, **given: Any) -> Any:
                place = f"/api/2.0/mlflow/{path}"
                answer = http.get(place, params=given) if method == "GET" else http.post(place, json=given)
                return answer.json() if answer.status_code == 200 else (answer.status_code, answer.json())

            yield ask

    def test_points_are_kept_once_in_order_and_summed_up(self, call: ProtocolCall) -> None:
        run = _run(call)
        points = [_point("k", number % 7, number % 3) for number in range(250)]
        for _ in range(2):
            assert call("POST", "runs/log-batch", run_id=run, metrics=[*points, _point("one", 1, 9)]) == {}
        history = _history(call, run, "k")
        assert len(history) == len({(point["step"], point["value"]) for point in points})
        assert [each["step"] for each in history] == sorted(each["step"] for each in history)
        newest = {each["key"]: each for each in _shown(call, run)["data"]["metrics"]}
        assert (newest["k"]["step"], newest["k"]["value"], newest["one"]["value"]) == (6, 2, 9)

    def test_numbers_beyond_the_finite_are_told_apart(self, call: ProtocolCall) -> None:
        run = _run(call)
        for step, value in enumerate(("NaN", "Infinity", "-Infinity", 0.1)):
            call("POST", "runs/log-metric", run_id=run, key="k", value=value, timestamp=1, step=step)
        largest = 1.7976931348623157e308
        assert [each["value"] for each in _history(call, run, "k")] == ["NaN", largest, -largest, 0.1]

    def test_runs_of_ten_thousand_series_are_written_and_shown(self, call: ProtocolCall) -> None:
        run = _run(call)
        for start in range(0, 10_000, 1000):
            points = [_point(f"k{number}", 0, number) for number in range(start, start + 1000)]
            assert call("POST", "runs/log-batch", run_id=run, metrics=points) == {}
        assert len(_shown(call, run)["data"]["metrics"]) == 10_000
        assert call("POST", "runs/search", experiment_ids=["0"], filter="metrics.none > 1") == {"runs": []}
        narrow = _run(call)
        found = call("POST", "runs/search", experiment_ids=["0"])["runs"]
        assert [each["info"]["run_id"] for each in found] == [narrow, run]
        assert len(found[1]["data"]["metrics"]) == 10_000
        assert [each["value"] for each in _history(call, run, "k77")] == [77]

    def test_a_long_series_is_shown_by_its_ends_and_extremes(self, call: ProtocolCall) -> None:
        run = _run(call)
        for start in range(0, 12_000, 1000):
            points = [_point("k", step, 5 if step == 777 else 1) for step in range(start, start + 1000)]
            call("POST", "runs/log-batch", run_id=run, metrics=points)
        ask = {"run_ids": [run], "metric_key": "k", "max_results": 50}
        found = call("GET", "metrics/get-history-bulk-interval", **ask)["metrics"]
        assert len(found) <= 50
        assert (found[0]["step"], found[-1]["step"]) == (0, 11_999)
        assert 777 in {each["step"] for each in found}

    def test_of_two_who_set_a_param_at_once_one_is_refused(self, call: ProtocolCall) -> None:
        run = _run(call)

        def write(number: int) -> Any:
            param = {"key": "lr", "value": str(number)}
            return call(
                "POST", "runs/log-batch", run_id=run, params=[param], metrics=[_point("k", number, 1)]
            )

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(write, range(16)))
        kept = [number for number, answer in enumerate(answers) if answer == {}]
        assert len(kept) == 1
        assert all(code == 400 for code, _ in (answer for answer in answers if answer))
        data = _shown(call, run)["data"]
        assert data["params"] == [{"key": "lr", "value": str(kept[0])}]
        assert [each["step"] for each in data["metrics"]] == kept

    def test_those_who_log_at_once_lose_nothing(self, call: ProtocolCall) -> None:
        runs = [_run(call) for _ in range(3)]

        def write(number: int) -> Any:
            tag = {"key": f"t{number % 5}", "value": str(number)}
            points = [_point("k", number, 1), _point(f"k{number}", 0, 1)]
            return call("POST", "runs/log-batch", run_id=runs[number % 3], metrics=points, tags=[tag])

        with ThreadPoolExecutor(8) as pool:
            assert all(answer == {} for answer in pool.map(write, range(60)))
        for index, run in enumerate(runs):
            assert [each["step"] for each in _history(call, run, "k")] == list(range(index, 60, 3))

    def test_searches_find_the_same_whole_and_in_pages(self, call: ProtocolCall) -> None:
        ids, long = [_made(call, number) for number in range(6)], "x" * 300
        texts = {"long": long, "tail": ids[4][-8:], "TAIL": ids[4][-8:].upper()}
        for text, wanted in FILTERS.items():
            assert _found(call, ids, text.format(*ids, **texts)) == wanted, text
        for order, wanted in ORDERS.items():
            assert _found(call, ids, "", order) == wanted, order
            pages, token = [], ""
            for _ in range(3):
                body = {"order_by": [order], "max_results": 2, "page_token": token}
                page = call("POST", "runs/search", experiment_ids=["0"], **body)
                pages += [ids.index(each["info"]["run_id"]) for each in page["runs"]]
                token = page.get("next_page_token", "")
            assert (pages, token) == (wanted, ""), order

    @pytest.mark.parametrize("bound", [Bound(10**6, 60_000), Bound(1, 1)], ids=["in order", "elsewhere"])
    def test_searches_find_the_same_wherever_they_begin(
        self, call: ProtocolCall, monkeypatch: pytest.MonkeyPatch, bound: Bound
    ) -> None:
        for name in ("SMALL_EXPERIMENT", "MIN_FEW_ROWS", "MAX_FEW_ROWS"):
            monkeypatch.setattr(start_point, name, 0)
        monkeypatch.setattr(start_point, "BOUND", bound)
        ids, long = [_made(call, number) for number in range(6)], "x" * 300
        texts = {"long": long, "tail": ids[4][-8:], "TAIL": ids[4][-8:].upper()}
        for text, wanted in FILTERS.items():
            by_metric = [each for each in (4, 3, 2, 1, 0, 5) if each in wanted]
            assert _found(call, ids, text.format(*ids, **texts)) == wanted, text
            assert _found(call, ids, text.format(*ids, **texts), "metrics.acc DESC") == by_metric, text
        for order, wanted in ORDERS.items():
            assert _found(call, ids, "metrics.`val/loss` > 0", order) == wanted, order

    @pytest.mark.parametrize("few", [0, 5000])
    @pytest.mark.parametrize("text", ["", "metrics.acc > 0"])
    def test_runs_of_several_experiments_are_in_one_order(
        self, call: ProtocolCall, monkeypatch: pytest.MonkeyPatch, few: int, text: str
    ) -> None:
        monkeypatch.setattr(start_point, "SMALL_EXPERIMENT", few)
        numbers = [call("POST", "experiments/create", name=f"e{n}")["experiment_id"] for n in range(3)]
        made = []
        for n in range(9):
            ask = {"experiment_id": numbers[n % 3], "start_time": 1000 + n // 2}
            made.append(call("POST", "runs/create", **ask)["run"]["info"]["run_id"])
            call("POST", "runs/log-metric", run_id=made[-1], **_point("acc", 0, 1))
        newest = sorted(range(9), key=lambda n: (-(n // 2), made[n]))
        for order, wanted in (
            ([], newest),
            (["start_time ASC"], sorted(range(9), key=lambda n: (n // 2, made[n]))),
        ):
            pages, token = [], ""
            for _ in range(5):
                body = {"filter": text, "order_by": order, "max_results": 2, "page_token": token}
                page = call("POST", "runs/search", experiment_ids=numbers, **body)
                pages += [made.index(each["info"]["run_id"]) for each in page["runs"]]
                token = page.get("next_page_token", "")
            assert (pages, token) == (wanted, "")

    def test_a_token_of_another_search_is_refused(self, call: ProtocolCall) -> None:
        for number in range(3):
            _made(call, number)
        ask = {"experiment_ids": ["0"], "max_results": 1}
        token = call("POST", "runs/search", order_by=["metrics.acc"], **ask)["next_page_token"]
        strange = ["WzBd", "WzAsImEiLCJiIl0=", "WzAsOTk5OTk5OTk5OTk5OTk5OTk5OTk5XQ==", "x", "WyJhIl0="]
        wrong_kinds = [[0, *"aaaaaa"], [0, 1, 2, 3, 4, 5, 6], [0, 1, "a", 1, "a", 5, "a"]]
        strange += [
            base64.urlsafe_b64encode(json.dumps(wrong_kind).encode()).decode() for wrong_kind in wrong_kinds
        ]
        for each in (*strange, token):
            code, _ = call("POST", "runs/search", order_by=["params.opt", "end_time"], page_token=each, **ask)
            assert code == 400


def _point(key: str, step: int, value: float) -> dict[str, Any]:
    return {"key": key, "value": value, "timestamp": 1, "step": step}


def _run(call: ProtocolCall, **given: Any) -> str:
    made = call("POST", "runs/create", experiment_id="0", **given)
    identity: str = made["run"]["info"]["run_id"]
    return identity


def _made(call: ProtocolCall, number: int) -> str:
    """Make one of the runs that are searched; 0 is the oldest, and has ended."""
    run = _run(call, start_time=1000 + number, run_name=f"Run{number}")
    metrics = [
        {**_point("acc", 0, number / 10), "value": "NaN" if number == 5 else number / 10},
        _point("val/loss", 0, 1 - number / 10),
        *([_point("even", 0, number)] if number % 2 == 0 else []),
    ]
    params = [
        {"key": "opt", "value": "Adam" if number % 2 else "sgd"},
        {"key": "long", "value": f"{'x' * 300}{number}"},
        {"key": "größe", "value": f"日本{number}"},
    ]
    tags = [{"key": "team", "value": "Blue" if number < 3 else "red"}]
    assert call("POST", "runs/log-batch", run_id=run, metrics=metrics, params=params, tags=tags) == {}
    if number == 0:
        call("POST", "runs/update", run_id=run, status="FINISHED", end_time=2000)
    if number == 2:
        dataset = {"name": "d", "digest": "1", "source_type": "s", "source": "x"}
        labels = [{"key": "mlflow.data.context", "value": "train"}]
        call("POST", "runs/log-inputs", run_id=run, datasets=[{"tags": labels, "dataset": dataset}])
    return run


def _shown(call: ProtocolCall, run: str) -> Any:
    return call("GET", "runs/get", run_id=run)["run"]


def _history(call: ProtocolCall, run: str, key: str) -> Any:
    return call("GET", "metrics/get-history", run_id=run, metric_key=key)["metrics"]


def _found(call: ProtocolCall, ids: list[str], text: str, *order: str) -> list[int]:
    answer = call("POST", "runs/search", experiment_ids=["0"], filter=text, order_by=list(order))
    return [ids.index(each["info"]["run_id"]) for each in answer["runs"]]
