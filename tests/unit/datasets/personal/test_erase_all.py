"""A person is erased from all nouns that have rows of people, and nothing brings them back."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.artifacts.holds.operations import place
from meguru.base.settings import Settings
from meguru.collections.operations import collect
from meguru.datasets.client import frame
from meguru.datasets.personal.operations import erase
from meguru.errors import Conflict
from meguru.features.client import training
from meguru.features.kind import EntitySpec
from meguru.features.materialization import store as materialized
from meguru.features.materialization.newest import read_parquet
from meguru.features.materialization.start import start
from meguru.features.online.answer import online
from meguru.features.online.stores import online_of
from meguru.features.operations import entity_specs
from meguru.features.push import store as pushed
from meguru.features.push.fold import fold
from meguru.features.push.push import push
from meguru.judgements.operations import list_feedback
from meguru.judgements.operations import record as judge
from meguru.judgements.types import FeedbackInput
from meguru.predictions import ids, payload, store
from meguru.predictions.operations import record
from meguru.predictions.types import OutcomeInput, PredictionBatch
from meguru.serving.kind import EndpointSpec
from meguru.serving.operations import specs
from meguru.storage.db import metadata
from meguru.testing.online_views import NOON, add_rows, bring_online, declare_view, hours

load_operations()
ANNA, BOB = "anna@example.com", "bob@example.org"
WHO = {"who": {"who": [ANNA]}}


@pytest.fixture
def ws(tmp_path, clock):
    with open_local(tmp_path / "w", settings=Settings(sqlite_synchronous="NORMAL"), clock=clock) as opened:
        yield opened


def answered(ws, who, key):
    content = payload.make(
        {"who": "string", "x": "double"}, {"who": who, "x": [0.5] * 2}, [0.25] * 2, [NOON] * 2
    )
    batch = PredictionBatch(
        id=ids.new_batch_id(), endpoint="delay", model_ref="model/delay@1", release_ref="release/delay@1",
        received_at=NOON, first_time=NOON, last_time=NOON, n=2, payload=payload.pack(content),
        rows=[(each, NOON) for each in key],
    )  # fmt: skip
    with ws.db.write() as tx:
        store.add(tx, [batch])
    return [ids.join(batch.id, row) for row in range(2)]


@pytest.fixture
def filled(ws):
    """Have two people wherever rows of people are; the one as a value, as a key, or as who judged."""
    add_rows(ws, [(ANNA, hours(-2), 1.0), (BOB, hours(-2), 2.0)])
    declare_view(ws, push=True, features={"value": "Float64"})
    bring_online(ws)
    for who in ([ANNA, BOB], [ANNA]):
        at, value = [hours(-1).isoformat()] * len(who), [3.0] * len(who)
        push(ws, view="balance", columns={"who": who, "at": at, "value": value})
    specs.declare(ws, name="delay", spec=EndpointSpec(model="delay", feedback={"label": True}))
    first, second = answered(ws, [ANNA, BOB], ["1", "2"])
    answered(ws, ["x", "y"], [ANNA, BOB])
    happened = [OutcomeInput(prediction_id=each, value=1.0) for each in (first, second)]
    late = [OutcomeInput(key=each, value=1.0, time=hours(9)) for each in (ANNA, BOB)]
    record(ws, endpoint="delay", outcomes=[*happened, *late], unknown="keep")
    collect(ws, endpoint="delay", dataset="truth")
    said = [
        FeedbackInput(prediction_id=first, thumb="up", comment=f"of {ANNA}", by="sato"),
        FeedbackInput(prediction_id=second, thumb="up", by=ANNA),
        FeedbackInput(key=BOB, label=1.0, by=ANNA, time=NOON),
        FeedbackInput(prediction_id=second, thumb="up", by="sato"),
        FeedbackInput(key=ANNA, thumb="up", by="sato", time=NOON),
        FeedbackInput(key=BOB, thumb="up", by="sato", time=NOON),
    ]
    judge(ws, endpoint="delay", feedback=said)
    return ws


def search(ws):
    done = erase(ws, **WHO, dry_run=True)
    assert done.remaining == []
    return {(each.ref, each.what): each.rows for each in done.found}


def stored(ws):
    """Return all that the database and the online store hold, as text."""
    with ws.read() as tx:
        tables = [(table.name, list(tx.execute(select(table)))) for table in metadata.sorted_tables]
        frames = [read_parquet(each).rows() for _, each in pushed.frames(tx, "balance", 99)]
    rows = [row for view in online_of(ws).views() for page in online_of(ws).scan(view) for row in page]
    return str([tables, rows, frames])


def test_a_person_is_found_everywhere_and_a_second_search_finds_nothing(filled):
    found = search(filled)
    assert found == {
        ("dataset/accounts@1", "rows of a dataset"): 1,
        ("dataset/truth@1", "rows of a dataset"): 1,
        ("dataset/truth", "rows of days that are collected"): 1,
        ("endpoint/delay", "feedback"): 4,
        ("table/feedback", "places in text"): 1,
        ("endpoint/delay", "predictions"): 2,
        ("endpoint/delay", "outcomes"): 1,
        ("feature_view/balance@1", "rows that are online"): 1,
        ("feature_view/balance@1", "online features"): 1,
        ("feature_view/balance", "pushed rows"): 2,
        ("cache/features", "rows kept for training"): 1,
    }
    assert ANNA in stored(filled)
    done = erase(filled, **WHO)
    assert {(each.ref, each.what): each.rows for each in done.found} == found
    assert search(filled) == {}
    assert ANNA not in stored(filled)
    assert not list((filled.root / "cache" / "features" / "rows").glob("*"))


def test_the_others_stay(filled):
    erase(filled, **WHO)
    assert frame(filled, "accounts")["who"].to_list() == [BOB]
    assert [row["value"].value for row in online(filled, ["balance"], {"who": [ANNA, BOB]}).rows] == [
        None,
        3.0,
    ]
    assert [each.judge for each in list_feedback(filled, endpoint="delay").items] == ["sato", "sato"]
    with filled.read() as tx:
        assert [each.rows for each in pushed.pending(tx)] == [1]
        kept = [
            payload.features_of(each.payload)["who"]
            for each in store.newest(tx, "delay", before=None, limit=9)
        ]
    assert {tuple(each) for each in kept} == {(None, "y"), (None, BOB)}


def test_nothing_brings_them_back(filled):
    erase(filled, **WHO)
    fold(filled, "balance")
    bring_online(filled)
    bring_online(filled, full=True)
    training(filled, frame(filled, "accounts").select("who", "at"), "balance", time="at")
    record(filled, endpoint="delay", outcomes=[OutcomeInput(key="2", value=0.0, time=NOON)])
    assert collect(filled, endpoint="delay", dataset="truth").version == "dataset/truth@2"
    assert search(filled) == {}
    assert frame(filled, "truth@latest")["who"].to_list() == [None, BOB, "y"]


def test_another_entity_with_the_same_value_keeps_its_features(filled):
    entity_specs.declare(filled, name="shop", spec=EntitySpec(key=["shop"]))
    rows = [(ANNA, hours(-2), 7.0)]
    add_rows(filled, rows, "shops", schema=["shop", "at", "value"])
    declare_view(filled, "sales", "shops", entities=["shop"])
    bring_online(filled, "sales")
    erase(filled, **WHO)
    assert [row["value"].value for row in online(filled, ["sales"], {"shop": [ANNA]}).rows] == [7.0]


def test_another_key_with_the_same_value_keeps_its_features(ws):
    entity_specs.declare(ws, name="pair", spec=EntitySpec(key=["who", "boat"]))
    add_rows(ws, [("bob", ANNA, hours(-1), 1.0)], "trips", schema=["who", "boat", "at", "value"])
    declare_view(ws, "trip", "trips", entities=["pair"])
    bring_online(ws, "trip")
    assert erase(ws, **WHO).found == []
    assert online(ws, ["trip"], {"who": "bob", "boat": ANNA}).values() == [{"value": 1.0}]


def test_a_person_in_a_feature_is_found_too(ws):
    add_rows(ws, [(1, hours(-2), ANNA), (2, hours(-2), BOB)], schema=["who", "at", "email"])
    declare_view(ws)
    bring_online(ws)
    done = erase(ws, who={"email": [ANNA]})
    assert {each.what for each in done.found} == {
        "rows of a dataset", "rows that are online", "online features", "profiles", "rows kept for training",
    }  # fmt: skip
    assert erase(ws, who={"email": [ANNA]}, dry_run=True).found == []
    assert [row["email"].value for row in online(ws, ["balance"], {"who": [1, 2]}).rows] == [None, BOB]


def test_work_that_may_have_read_them_is_waited_for(filled):
    start(filled, view="balance")
    with pytest.raises(Conflict, match="being brought online"):
        erase(filled, **WHO)
    erase(filled, who={"email": [ANNA]})  # a column that the view hasn't


def test_what_is_online_stays_where_something_is_held(filled):
    place(filled, about="endpoint/delay", why="case 7")
    with pytest.raises(Conflict, match="endpoint/delay is under a legal hold"):
        erase(filled, **WHO)
    assert search(filled)["feature_view/balance@1", "online features"] == 1


def test_rows_on_their_way_online_are_waited_for(filled):
    work = start(filled, view="balance")
    with filled.db.write() as tx:
        (state,) = materialized.all_online(tx).values()
        materialized.change(tx, work.id, target=state.newest_rows)
    with pytest.raises(Conflict, match="being brought online"):
        erase(filled, **WHO)
    assert frame(filled, "accounts").height == 2
    assert search(filled)["feature_view/balance@1", "online features"] == 1
