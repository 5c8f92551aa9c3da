from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from meguru.predictions.operations import show
from meguru.serving import asgi
from meguru.serving.operations import create, switch
from meguru.serving.operations import show as show_endpoint

ROW = {"hour": 5, "distance": 0.5}
FORMS = [
    {"row": ROW},
    {"columns": {"distance": [0.5], "hour": [5]}},
    {"dataframe_records": [ROW]},
    {"dataframe_split": {"columns": ["distance", "hour"], "data": [[0.5, 5]], "index": [0]}},
]
WRONG = [
    ({"rows": [ROW, {**ROW, "hour": "five"}]}, "rows[1].hour"),
    ({"rows": [ROW, {"hour": 5}]}, "rows[1].distance"),
    ({"rows": [{**ROW, "Hour": 5}]}, "rows[0].Hour"),
    ({"rows": [{**ROW, "hour": None}]}, "rows[0].hour"),
    ({"rows": [{**ROW, "hour": 2**63}]}, "rows[0].hour"),
    ({"rows": [5]}, "rows[0]"),
    ({"rows": {}}, "rows"),
    ({"rows": []}, "rows"),
    ({"rows": [ROW] * 10_001}, "rows"),
    ({"row": {"hour": 5}}, "row.distance"),
    ({"row": {**ROW, "hour": 5.5}}, "row.hour"),
    ({"columns": {"hour": [5, 6], "distance": [0.5]}}, "columns.distance"),
    ({"columns": {"hour": [5], "distance": ["far"]}}, "columns.distance[0]"),
    ({"columns": 5}, "columns"),
    ({"dataframe_split": {"columns": ["hour", "distance"], "data": [[1]]}}, "dataframe_split.data[0]"),
    (
        {"dataframe_split": {"columns": ["hour", "distance"], "data": [["x", 1]]}},
        "dataframe_split.data[0].hour",
    ),
    ({"dataframe_split": {"columns": ["hour"]}}, "dataframe_split.data"),
    ({"rows": [ROW], "times": ["2013-03-01T00:00:00"]}, "times[0]"),
    ({"rows": [ROW], "times": ["yesterday"]}, "times[0]"),
    ({"rows": [ROW], "times": []}, "times"),
    ({"rows": [ROW, ROW], "time": "2013-03-01T00:00:00Z"}, "time"),
    ({"rows": [ROW], "row": ROW}, "row"),
    ({"rowz": [ROW]}, "rowz"),
    ({}, "rows"),
]


def scores(answer):
    assert answer.status_code == 200, answer.text
    return [each["score"] for each in answer.json()["predictions"]]


def error(answer, status=422):
    assert answer.status_code == status, answer.text
    return answer.json()["error"]


def test_rows_are_scored_and_each_prediction_has_an_id_that_can_be_shown(workspace, live, http):
    live(1)
    answer = http.predict({"rows": [ROW, {"hour": -5, "distance": 0.5}]})
    high, low = scores(answer)
    assert high > 0.5 > low
    said = answer.json()
    assert (said["model"], said["release"]) == ("model/delay@1", "release/delay@1")
    shown = show(workspace, id=said["predictions"][1]["id"])
    assert (shown.score, shown.features, shown.model) == (low, {"hour": -5, "distance": 0.5}, "model/delay@1")
    assert show_endpoint(workspace, name="delay").totals.predictions == 2


def test_every_form_of_a_request_gives_the_same_scores(live, http):
    live(1)
    wanted = scores(http.predict({"rows": [ROW]}))
    for body in FORMS:
        assert scores(http.predict(body)) == wanted, body


def test_event_times_are_kept_and_default_to_the_time_of_receipt(workspace, live, http):
    live(1)
    said = http.predict({"rows": [ROW, ROW], "times": ["2013-03-01T00:00:00Z", "2013-03-02T01:00:00+01:00"]})
    ids = [each["id"] for each in said.json()["predictions"]]
    assert [show(workspace, id=each).at for each in ids] == [
        datetime(2013, 3, 1, tzinfo=UTC),
        datetime(2013, 3, 2, tzinfo=UTC),
    ]
    one = http.predict({"row": ROW, "time": "2013-03-01T00:00:00Z"}).json()["predictions"][0]["id"]
    assert show(workspace, id=one).at == datetime(2013, 3, 1, tzinfo=UTC)
    now = http.predict({"row": ROW}).json()["predictions"][0]["id"]
    assert show(workspace, id=now).at == show(workspace, id=now).received_at


def test_a_wrong_request_is_422_and_names_the_field(workspace, live, http):
    live(1)
    for body, field in WRONG:
        assert error(http.predict(body)).get("field") == field, body
    assert show_endpoint(workspace, name="delay").totals.predictions == 0


def test_what_is_no_json_object_is_refused_clearly(live, http):
    live(1)
    for body in (b"", b"{", b"\xff", b"[]", b"null", b'{"rows": [{"hour": nan}]}', b"1" * 99):
        assert "JSON" in error(http.predict(body))["what"], body


def test_a_near_miss_of_a_column_is_offered(live, http):
    live(1)
    assert "'distance'" in error(http.predict({"rows": [{"hour": 5, "distanze": 1}]}))["try"]


def test_a_body_over_the_limit_is_413_whether_its_length_was_told_or_not(live, http, service):
    live(1)
    big = b"x" * (service.ws.settings.max_body + 1)
    assert error(http.predict(big), 413)["code"] == "MG-130"

    async def parts():
        for _ in range(70):
            yield b"x" * 1024 * 1024

    answer = http.request("POST", "/endpoints/delay/predict", content=parts())
    assert error(answer, 413)["code"] == "MG-130"


def test_an_unknown_endpoint_is_404_with_its_near_miss(live, http):
    live(1)
    assert "'delay'" in error(http.predict({"row": ROW}, name="dealy"), 404)["try"]
    assert error(http.request("GET", "/endpoints/nothing"), 404)["code"] == "MG-110"


def test_an_endpoint_without_a_model_is_503_and_says_when_to_come_again(workspace, http):
    create(workspace, name="delay", model="delay")
    answer = http.predict({"row": ROW})
    assert "has no model yet" in error(answer, 503)["what"]
    assert int(answer.headers["retry-after"]) >= 1


def test_the_same_key_gets_the_same_predictions_and_is_recorded_once(workspace, live, http):
    live(1)
    first = http.predict({"rows": [ROW] * 3}, **{"Idempotency-Key": "march-1"})
    live(2)
    again = http.predict({"rows": [ROW] * 3}, **{"Idempotency-Key": "march-1"})
    assert first.status_code == 200
    assert again.json() == first.json()
    assert show_endpoint(workspace, name="delay").totals.requests == 1


def test_a_key_that_was_used_for_another_body_is_a_conflict(live, http):
    live(1)
    http.predict({"row": ROW}, **{"Idempotency-Key": "a"})
    other = http.predict({"row": {**ROW, "hour": 1}}, **{"Idempotency-Key": "a"})
    assert error(other, 409)["field"] == "Idempotency-Key"
    assert error(http.predict({"row": ROW}, **{"Idempotency-Key": "k" * 201}))["field"] == "Idempotency-Key"


def test_an_endpoint_that_does_not_record_answers_without_ids(workspace, service, register, http):
    register(1)
    create(workspace, name="quiet", model="delay", record=False)
    switch(workspace, name="quiet", model_ref="model/delay@1", release_ref="release/quiet@1")
    assert service.wait_until_current("quiet", timeout=60)
    said = http.predict({"row": ROW}, name="quiet").json()["predictions"]
    assert list(said[0]) == ["score"]
    assert show_endpoint(workspace, name="quiet").totals.requests == 0


def test_the_status_tells_signature_and_state(live, http):
    live(1)
    said = http.request("GET", "/endpoints/delay").json()
    assert (said["state"], said["current"], said["model"]) == ("ready", True, "model/delay@1")
    assert said["signature"]["inputs"][0] == {"name": "hour", "type": "long", "nullable": False}


def test_the_openapi_document_describes_the_rows_of_the_live_model(live, http):
    live(1)
    said = http.request("GET", "/endpoints/delay/openapi.json").json()
    body = said["paths"]["/endpoints/delay/predict"]["post"]["requestBody"]["content"]["application/json"]
    row = body["schema"]["oneOf"][1]["properties"]["row"]
    assert row["properties"]["hour"] == {"type": "integer", "format": "int64"}
    assert row["required"] == ["hour", "distance"]


def test_other_methods_and_paths_are_refused(live, http):
    live(1)
    answer = http.request("GET", "/endpoints/delay/predict")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert error(http.request("GET", "/endpoints/delay/x"), 404)


def test_a_value_that_is_nested_beyond_reason_is_named(live, http):
    live(1)
    deep = "[" * 100_000
    bodies = {
        "rows[1].hour": '{"rows": [{"hour": 5, "distance": 1}, {"distance": "a\\"]}", "hour": %s',
        "row.distance": '{"row": {"hour": 5, "distance": %s',
        "columns.hour[2]": '{"columns": {"distance": [1, 2, 3], "hour": [1, 2, %s',
        "dataframe_split.data[1][0]": '{"dataframe_split": {"columns": [], "data": [[1, 2], [%s',
        "times[0]": '{"times": [{"a": %s',
    }
    for field, body in bodies.items():
        said = error(http.predict((body % deep).encode()))
        assert said["field"].startswith(field), body[:200]
        assert said["what"] == f"{said['field']} is nested too deeply"
    assert (
        error(http.predict((" " * 2_000_000 + '{"rows": ' + deep).encode()))["what"]
        == "the body is nested too deeply"
    )


def test_a_client_that_hangs_in_the_middle_of_its_body_is_given_up(live, service, workspace, monkeypatch):
    live(1)
    monkeypatch.setattr(asgi, "IDLE_SECONDS", 0.05)
    app = asgi.endpoints_app(service, authenticate=lambda scope: workspace.principal)
    scope = {"type": "http", "method": "POST", "path": "/delay/predict", "headers": []}
    for begun in (0, 1):
        waiting = [{"type": "http.request", "body": b"{", "more_body": True}] * begun
        sent = []

        async def receive(waiting=waiting):
            return waiting.pop() if waiting else await asyncio.Event().wait()

        async def send(message, sent=sent):
            sent.append(message)

        asyncio.run(app(scope, receive, send))
        assert sent[0]["status"] == 504
        assert b"the body did not end" in sent[1]["body"]


def test_a_key_with_half_a_character_is_refused(live, http):
    live(1)
    body = b'{"rows": [{"hour": 5, "distance": 0.5}], "keys": ["\\ud800"]}'
    refused = error(http.predict(body))
    assert (refused["field"], refused["why"]) == ("keys[0]", "it holds half a character")
