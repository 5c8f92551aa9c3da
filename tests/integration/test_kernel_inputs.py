"""What a database can't hold is refused by its name, alike on SQLite and on PostgreSQL."""

from __future__ import annotations

import math

import pytest

from meguru import errors
from meguru.app.open import open_local
from meguru.artifacts.log import list_events, wait_event
from meguru.audit.verify import verify
from meguru.base.settings import Settings
from meguru.governance.principals import create_principal
from meguru.governance.tokens import create_token, list_tokens
from meguru.kernel import events
from meguru.monitoring.operations import run as run_monitor
from meguru.predictions.operations import record
from meguru.tracking.operations import create_experiment, list_runs, log, metric, show, start


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def ws(request, tmp_path):
    place = tmp_path / "w" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    with open_local(place, settings=Settings(blobs=str(tmp_path / "blobs"))) as opened:
        yield opened


def nested(depth):
    value = "leaf"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**30])
def test_a_number_beyond_64_bits_is_refused_by_its_name(ws, number):
    for field in ("after", "before", "limit"):
        with pytest.raises(errors.InvalidInput) as caught:
            list_events(ws, **{field: number})
        assert caught.value.field == field
    assert list_events(ws, after=2**63 - 1).items == []


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_text_that_no_database_holds_is_refused_by_its_name(ws, text):
    with pytest.raises(errors.InvalidInput) as caught:
        create_experiment(ws, name="delay", note=text)
    assert caught.value.field == "note"
    run = start(ws, experiment="delay").id
    with pytest.raises(errors.InvalidInput) as caught:
        log(ws, run=run, params={"depth": text})
    assert caught.value.field == "params.depth"
    with pytest.raises(errors.InvalidInput):
        log(ws, run=run, params={text: "3"})
    assert show(ws, run=run).params == {}


@pytest.mark.parametrize("depth", [200, 100_000])
def test_arguments_nested_too_deeply_are_refused(ws, depth):
    with pytest.raises(errors.InvalidInput):
        ws.execute(start, {"experiment": "delay", "used": nested(depth)})


def test_a_wait_without_end_is_refused(ws):
    for seconds in (math.nan, math.inf):
        with pytest.raises(errors.InvalidInput) as caught:
            wait_event(ws, after=0, timeout=seconds)
        assert caught.value.field == "timeout"


LONG = "x" * 1_000_000


@pytest.mark.parametrize(
    "attempt",
    [
        lambda ws: create_principal(ws, name="sato", kind=LONG),
        lambda ws: create_principal(ws, name=LONG),
        lambda ws: create_token(ws, principal="sato", note=LONG),
        lambda ws: create_token(ws, principal=LONG),
        lambda ws: list_tokens(ws, principal=LONG),
        lambda ws: list_events(ws, type=LONG),
        lambda ws: list_events(ws, subject=LONG),
        lambda ws: start(ws, experiment="delay", name=LONG),
        lambda ws: start(ws, experiment="delay", used=[LONG]),
        lambda ws: start(ws.with_(idempotency_key=LONG), experiment="delay"),
        lambda ws: start(ws.with_(cause=LONG), experiment="delay"),
        lambda ws: create_experiment(ws, name="delay", note=LONG),
        lambda ws: show(ws, run=LONG),
    ],
)
def test_text_that_is_too_long_is_stored_whole_or_refused_clearly(ws, attempt):
    said = ""
    try:
        attempt(ws)
    except (errors.InvalidInput, errors.NotFound) as error:
        said = str(error.as_dict())
    assert len(said) < 2000
    assert verify(ws).intact


def test_a_column_says_what_it_holds_at_most(ws):
    with pytest.raises(errors.InvalidInput) as caught, ws.db.write() as tx:
        events.append(tx, type="x" * 101, at=ws.clock.now(), actor="a", operation="o", subject="s")
    assert caught.value.field == "type"
    assert "100" in caught.value.why
    assert list_runs(ws).items == []


@pytest.mark.parametrize(
    "moment", ["2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"]
)
def test_a_moment_without_a_zone_or_out_of_the_calendar_is_refused(ws, moment):
    run = start(ws, experiment="delay").id
    with pytest.raises(errors.InvalidInput) as caught:
        ws.execute(log, {"run": run, "metrics": [{"key": "auc", "value": 1.0, "at": moment}]})
    assert moment[:4] in caught.value.what
    with pytest.raises(errors.MeguruError):
        ws.execute(run_monitor, {"name": "drift", "start": moment, "end": moment})
    outcome = {"prediction_id": "prd-1", "value": 1.0, "at": moment}
    with pytest.raises(errors.MeguruError):
        ws.execute(record, {"endpoint": "delay", "outcomes": [outcome]})


def test_early_and_late_moments_are_kept(ws):
    run = start(ws, experiment="delay").id
    for step, moment in enumerate(["0001-01-01T00:00:00Z", "0999-05-05T05:05:05.5Z", "9999-12-31T23:59:59Z"]):
        point = {"key": "auc", "value": 1.0, "step": step, "at": moment}
        ws.execute(log, {"run": run, "metrics": [point]})
    points = metric(ws, run=run, key="auc").items
    assert [point.at.year for point in points] == [1, 999, 9999]
