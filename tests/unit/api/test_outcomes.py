"""`POST /outcomes`: single, many, as JSON, lines, CSV, Parquet and Arrow; again, wrong and hostile."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import msgspec
import polars as pl
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from meguru.api.recorded import recorded_routes
from meguru.governance.principals import create_principal
from meguru.governance.tokens import create_token
from meguru.predictions import ids, payload, store
from meguru.predictions.operations import show, waiting
from meguru.predictions.types import PredictionBatch
from meguru.server.access import Access
from meguru.serving.operations import create

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
TEXT = "2026-03-01T00:00:00Z"


@pytest.fixture
def client(workspace):
    app = Access(Starlette(routes=recorded_routes()), ws=workspace, auth=False)
    with TestClient(app, base_url="http://127.0.0.1") as opened:
        yield opened


@pytest.fixture
def batch(workspace):
    create(workspace, name="delay", model="delay")
    content = payload.make({"x": "double"}, {"x": [0.5] * 3}, [0.25] * 3, [MARCH] * 3)
    made = PredictionBatch(
        id=ids.new_batch_id(), endpoint="delay", model_ref="model/delay@1", release_ref="release/delay@1",
        received_at=MARCH, first_time=MARCH, last_time=MARCH, n=3, payload=payload.pack(content),
        rows=[("a", MARCH), ("b", MARCH), ("c", MARCH)],
    )  # fmt: skip
    with workspace.db.write() as tx:
        store.add(tx, [made])
    return made


def send(client, body, kind="application/json", *, ask="", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(f"/outcomes{ask}", content=body, headers={"Content-Type": kind} | headers)


def values(ws, batch):
    found = [show(ws, id=f"{batch.id}.{row}").outcome for row in range(batch.n)]
    return [each and each.value for each in found]


def table():
    return pl.DataFrame({"key": ["a", "b", None], "time": [MARCH] * 3, "value": [1, 0, None]})


def as_parquet():
    table().write_parquet(made := io.BytesIO())
    return made.getvalue()


def as_arrow(*, stream):
    made = io.BytesIO()
    (table().write_ipc_stream if stream else table().write_ipc)(made)
    return made.getvalue()


ROWS = [{"key": "a", "time": TEXT, "value": 1}, {"key": "b", "time": TEXT, "value": 0}]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", lambda: msgspec.json.encode(ROWS)),
        ("application/x-ndjson", lambda: b"\n".join(map(msgspec.json.encode, ROWS))),
        ("text/csv; charset=utf-8", f"\ufeffkey,time,value\r\na,{TEXT},1\nb,{TEXT},0\n".encode),
        ("application/vnd.apache.parquet", as_parquet),
        ("application/vnd.apache.arrow.file", lambda: as_arrow(stream=False)),
        ("application/vnd.apache.arrow.stream", lambda: as_arrow(stream=True)),
    ],
)
def test_a_body_of_any_form_is_recorded_once(workspace, client, batch, kind, body):
    done = send(client, body(), kind, ask="?endpoint=delay")
    assert (done.status_code, done.json()["count"]) == (200, 2)
    assert values(workspace, batch) == [1.0, 0.0, None]
    assert send(client, body(), kind, ask="?endpoint=delay").json()["repeated"] == 2


def test_a_single_one_needs_no_endpoint_when_its_prediction_tells(workspace, client, batch):
    done = send(client, msgspec.json.encode({"prediction_id": f"{batch.id}.2", "value": True}))
    assert (done.status_code, done.json()["endpoints"]) == (200, ["delay"])
    assert values(workspace, batch) == [None, None, 1.0]


def test_unknown_predictions_wait_and_are_named_or_refused_if_so_asked(workspace, client, batch):
    body = msgspec.json.encode([{"key": "z", "value": 1, "endpoint": "delay"}])
    assert send(client, body).json() == {
        "count": 0, "corrected": 0, "repeated": 0, "waiting": 1, "unknown": ["key z"], "endpoints": ["delay"],
    }  # fmt: skip
    assert [each.key for each in waiting(workspace, endpoint="delay").items] == ["z"]
    refused = send(client, body, ask="?unknown=refuse")
    assert (refused.status_code, refused.json()["error"]["field"]) == (422, "row 1.key")


def test_an_idempotency_key_answers_again_and_stands_for_one_body(client, batch):
    body = msgspec.json.encode([dict(each, endpoint="delay") for each in ROWS])
    first = send(client, body, Idempotency_Key="k")
    assert send(client, body, Idempotency_Key="k").json() == first.json()
    other = send(client, body.replace(b":1", b":0"), Idempotency_Key="k")
    assert (other.status_code, send(client, body, Idempotency_Key="k" * 190).status_code) == (409, 422)


WRONG = [
    ("application/json", b"[[[[", "no JSON"),
    ("application/json", b"[" * 100_000, "no JSON"),
    ("application/json", b"[1]", "row 1 is no JSON object"),
    ("application/json", b'{"key": "a", "valeu": 1}', "valeu"),
    ("application/json", b'{"key": "a", "value": 1}', "does not say which endpoint"),
    ("application/json", b'{"prediction_id": "pred-1.0", "value": 1}', "does not say which endpoint"),
    (
        "application/json",
        b'{"key": "a", "endpoint": "delay", "time": "2026-03-01T00:00:00", "value": 1}',
        "zone",
    ),
    ("application/x-ndjson", b'{"key": "a", "endpoint": "delay", "value": 1}\n{', "line 2"),
    ("application/x-ndjson", b"x" * (1 << 20), "does not end"),
    ("text/csv", b"", "empty"),
    ("text/csv", b"key,value\na,1,2\n", "3 fields"),
    ("text/csv", b"key,value,value\na,1,2\n", "two columns"),
    ("text/csv", b'key,value\n"a', "line 3"),
    ("text/csv", b"key,value\n\xff,1\n", "CSV"),
    ("text/csv", b"key,value\na,1\0\n", "outcome"),
    ("text/csv", b"key,value,endpoint\na," + b"9" * 200_000 + b",delay\n", "CSV"),
    ("application/vnd.apache.parquet", b"PAR1" * 10, "can't be read"),
    ("application/vnd.apache.parquet", as_parquet()[:-20], "can't be read"),
    ("application/vnd.apache.arrow.file", b"ARROW1\0\0" + b"\xff" * 99, "can't be read"),
    ("application/vnd.apache.arrow.stream", b"\xff\xff\xff\xff" * 9, "can't be read"),
    ("application/zip", b"PK", "not taken"),
]
"""Bodies by their type, and what is said of each."""


def test_hostile_and_wrong_bodies_are_told_why(workspace, client, batch):
    for kind, body, said in WRONG:
        found = send(client, body, kind, ask="?endpoint=delay" if b"\0\n" in body else "")
        assert (found.status_code, said in found.text) in {(422, True), (413, True)}, (body[:80], found.text)
    assert values(workspace, batch) == [None] * 3


def test_an_error_in_the_middle_names_the_row_and_says_what_was_recorded(
    workspace, client, batch, monkeypatch
):
    monkeypatch.setattr("meguru.api.recorded.outcomes.MAX_OUTCOMES", 2)
    body = f"key,time,value\na,{TEXT},1\nb,{TEXT},0\nc,{TEXT},maybe\n".encode()
    found = send(client, body, "text/csv", ask="?endpoint=delay").json()["error"]
    assert (found["field"], found["try"]) == (
        "row 3.value",
        "2 rows before it were recorded; correct it, and send all again",
    )
    mended = send(client, body.replace(b"maybe", b"1"), "text/csv", ask="?endpoint=delay").json()
    assert (mended["count"], mended["repeated"]) == (3, 2)
    assert values(workspace, batch) == [1.0, 0.0, 1.0]


def test_who_may_not_tell_of_an_endpoint_learns_nothing_of_it(workspace, batch):
    create_principal(workspace, name="sato", role="viewer")
    token = create_token(workspace, principal="sato").secret
    app = Access(Starlette(routes=recorded_routes()), ws=workspace, auth=True)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        body = msgspec.json.encode({"prediction_id": f"{batch.id}.0", "value": 1})
        assert send(client, body).status_code == 401
        found = send(client, body, Authorization=f"Bearer {token}")
        assert (found.status_code, "no prediction that you may tell of" in found.text) == (422, True)
        named = send(client, body, ask="?endpoint=delay", Authorization=f"Bearer {token}")
        assert named.status_code == 403
