"""Feast's protocol, in the shapes that Feast 0.67's client sends and its server answers, as recorded."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import polars as pl
import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.features.kind import FeatureServiceSpec, FeatureViewSpec
from meguru.features.operations import service_specs, view_specs
from meguru.governance.principals import create_principal
from meguru.governance.tokens import create_token
from meguru.server.asgi import build
from meguru.testing.authorisation.asking import InProcessClient
from meguru.testing.online_views import add_rows, bring_online, declare_view, hours

EPOCH = "1970-01-01T00:00:00Z"


@pytest.fixture
def ws(tmp_path, clock):
    with open_local(tmp_path / "w", settings=Settings(sqlite_synchronous="NORMAL"), clock=clock) as opened:
        rows = [
            ("a", hours(-1), 1.5),
            ("b", hours(-1.0001), None),
            ("c", hours(-9), 3.5),
            ("n", hours(0), float("nan")),
        ]
        add_rows(opened, rows)
        declare_view(opened, ttl="2h")
        bring_online(opened)
        declare_view(opened, "clicks", "clicked", push=True, features={"value": "Float64"})
        yield opened


@pytest.fixture
def ask(ws):
    def asked(path, body, **headers):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.ask("POST", path, body=content, headers={"host": "localhost", **headers})

    with InProcessClient(build(ws)) as client:
        yield asked


def told(answer):
    """Return what a Feast client raises for an answer: it reads JSON that is in a JSON text."""
    return json.loads(answer.json)


def test_features_are_answered_by_column(ask):
    answer = ask(
        "/get-online-features",
        {
            "features": ["balance:value"],
            "entities": {"who": ["a", "b", "c", "d", "n"]},
            "full_feature_names": True,
            "include_feature_view_version_metadata": True,
        },
    )
    assert (answer.status, answer.header("content-type")) == (200, "application/json")
    assert answer.json == {
        "metadata": {
            "feature_names": ["who", "balance__value"],
            "feature_view_metadata": [{"name": "balance", "version": 1}],
        },
        "results": [
            {
                "values": ["a", "b", "c", "d", "n"],
                "statuses": ["PRESENT"] * 5,
                "event_timestamps": [EPOCH] * 5,
            },
            {
                "values": [1.5, None, None, None, "NaN"],
                "statuses": ["PRESENT", "NULL_VALUE", "OUTSIDE_MAX_AGE", "NOT_FOUND", "PRESENT"],
                "event_timestamps": [
                    "2026-03-01T11:00:00Z", "2026-03-01T10:59:59.640Z", "2026-03-01T03:00:00Z", EPOCH,
                    "2026-03-01T12:00:00Z",
                ],
            },
        ],
        "status": True,
    }  # fmt: skip


def test_a_service_is_asked_by_its_name_and_nobody_is_asked_for_too(ws, ask):
    service_specs.declare(ws, name="all", spec=FeatureServiceSpec(views=["balance"]))
    answer = ask("/get-online-features", {"feature_service": "all", "entities": {"who": []}})
    assert answer.json["metadata"] == {"feature_names": ["who", "value"]}
    assert answer.json["results"] == [{"values": [], "statuses": [], "event_timestamps": []}] * 2


def test_times_are_whole_seconds_and_bytes_base64_as_feasts_values_are(ws, ask):
    at = datetime(2026, 1, 2, 3, 4, 5, 600000, tzinfo=UTC)
    schema = {
        "who": pl.String, "at": pl.Datetime("us", "UTC"), "since": pl.Datetime("us", "UTC"), "day": pl.Date,
        "list": pl.List(pl.Float64), "text": pl.String,
    }  # fmt: skip
    add_rows(ws, [("a", hours(0), at, date(1970, 1, 3), [1.0, float("inf")], "null")], "typed", schema=schema)
    declare_view(ws, "typed", "typed")
    bring_online(ws, "typed")
    names = [f"typed:{name}" for name in ("since", "day", "list", "text")]
    answer = ask("/get-online-features", {"features": names, "entities": {"who": ["a"]}})
    assert [each["values"] for each in answer.json["results"]] == [
        ["a"], [1767323045], [172800], [[1.0, "Infinity"]], ["null"],
    ]  # fmt: skip


WRONG = [
    ({"features": ["none:x"], "entities": {"who": ["a"]}}, 404, "FeatureViewNotFoundException"),
    ({"feature_service": "none", "entities": {"who": ["a"]}}, 404, "FeatureServiceNotFoundException"),
    ({"features": ["balance:value"], "entities": {"user": ["a"]}}, 422, "FeastError"),
    ({"features": ["balance:value"]}, 422, "FeastError"),
    ({"features": ["balance:value"], "entities": {"who": "a"}}, 422, "FeastError"),
    (b"{", 422, "FeastError"),
    (b"[" * 100_000, 422, "FeastError"),
]


def test_errors_are_what_feasts_client_raises_again(ask):
    for body, status, kind in WRONG:
        answer = ask("/get-online-features", body)
        found = told(answer)
        assert (answer.status, found["module"], found["class"]) == (status, "feast.errors", kind)
        assert found["message"]


def test_rows_are_pushed_as_the_client_sends_them(ask):
    sent = {
        "push_source_name": "clicked",
        "df": {"who": ["a"], "event_timestamp": ["2026-03-01T11:00:00"], "value": [2.5]},
        "to": "online_and_offline",
        "allow_registry_cache": True,
        "transform_on_write": True,
    }
    assert ask("/push", sent).status == 200
    written = {
        "feature_view_name": "clicks",
        "df": {"who": ["b"], "value": [None], "event_timestamp": ["2026-03-01T11:00:00"], "created": [None]},
        "allow_registry_cache": False,
    }
    answer = ask("/write-to-online-store", written)
    assert (answer.status, answer.json) == (200, None)
    found = ask("/get-online-features", {"features": ["clicks:value"], "entities": {"who": ["a", "b"]}})
    assert found.json["results"][1]["values"] == [2.5, None]
    assert found.json["results"][1]["statuses"] == ["PRESENT", "NULL_VALUE"]
    assert told(ask("/push", sent | {"push_source_name": "none"}))["class"] == "FeatureViewNotFoundException"
    assert ask("/push", sent | {"to": "nowhere"}).status == 422


def test_materialize_says_what_was_begun(ask):
    body = {"end_ts": "2026-03-01T12:00:00", "feature_views": ["balance"]}
    answer = ask("/materialize-incremental?async=true", body)
    assert (answer.status, answer.json) == (202, {"status": "accepted", "feature_views": ["balance"]})
    wrong = {"start_ts": "2026-03-02T00:00:00", "end_ts": "2026-03-01T00:00:00", "feature_views": ["balance"]}
    assert ask("/materialize", wrong).status == 422
    assert ask("/materialize", {"end_ts": "noon", "feature_views": ["balance"]}).status == 422


def test_our_own_question_tells_times_and_ages(ask):
    answer = ask(
        "/api/v1/features/get", {"features": ["balance:value"], "entities": {"who": ["a", "n", "d"]}}
    )
    rows = [row["value"] for row in answer.json["rows"]]
    assert [(each["value"], each["status"], each.get("age")) for each in rows] == [
        (1.5, "PRESENT", 3600.0), ("NaN", "PRESENT", 0.0), (None, "NOT_FOUND", None),
    ]  # fmt: skip
    assert (
        ask("/api/v1/features/get", {"features": ["none"], "entities": {"who": []}}).error["code"] == "MG-110"
    )
    assert ask("/api/v1/features/get", {"feature": [], "entities": {}}).status == 422


def test_a_token_is_needed_that_may_read_features(ws):
    create_principal(ws, name="shop", role="service")
    create_principal(ws, name="eve", role="viewer")
    body = json.dumps({"features": ["balance:value"], "entities": {"who": ["a"]}}).encode()
    found = {}
    with InProcessClient(build(ws, auth=True)) as client:
        for name in ("shop", "eve", ""):
            secret = create_token(ws, principal=name).secret if name else ""
            headers = {"authorization": f"Bearer {secret}"} if secret else {}
            found[name] = client.ask(
                "POST", "/get-online-features", body=body, headers={"host": "localhost", **headers}
            )
    assert [each.status for each in found.values()] == [200, 403, 401]
    assert told(found["eve"])["class"] == "FeastPermissionError"


def test_a_body_may_come_in_pieces_and_not_be_too_large(ws):
    import asyncio

    from meguru.api.feast.lane import FeatureLane

    body = json.dumps({"features": ["balance:value"], "entities": {"who": ["a"]}}).encode()

    def asked(pieces, limit):
        lane, sent = FeatureLane(ws), []
        lane._limit = limit
        messages = [{"type": "http.request", "body": each, "more_body": True} for each in pieces[:-1]]
        messages.append({"type": "http.request", "body": pieces[-1], "more_body": False})

        async def receive():
            return messages.pop(0)

        async def send(message):
            sent.append(message)

        state = {"workspace": ws}
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/get-online-features",
            "headers": [],
            "state": state,
        }
        asyncio.run(lane(scope, receive, send))
        return sent[0]["status"]

    assert asked([body[:10], body[10:20], body[20:]], 1000) == 200
    assert asked([body], 20) == 413
    assert asked([body[:10], body[10:]], 20) == 413


def test_all_views_are_materialized_but_those_that_are_computed_on_demand(ws, ask):
    spec = FeatureViewSpec(transform="x:f", request={"km": "Float64"}, features={"far": "Boolean"})
    view_specs.declare(ws, name="asked", spec=spec)
    view_specs.retire(ws, name="clicks")
    answer = ask("/materialize-incremental?async=true", {"end_ts": "2026-03-01T12:00:00"})
    assert (answer.status, answer.json["feature_views"]) == (202, ["balance"])
