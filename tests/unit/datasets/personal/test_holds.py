"""A hold keeps what it is about from erasure, removal and rules of retention; rules say before what goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from sqlalchemy import func, select

from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.artifacts.erasure.blob_deletions import pending
from meguru.artifacts.erasure.ledger import ErasureLedger
from meguru.artifacts.holds.operations import list_holds, place, release
from meguru.artifacts.retention import apply
from meguru.artifacts.retention.apply import RecordsClock, due
from meguru.artifacts.retention.kind import RetentionSpec
from meguru.artifacts.retention.operations import specs
from meguru.artifacts.retention.rules import cut, rules
from meguru.base.settings import Settings
from meguru.datasets.client import add_files, frame
from meguru.datasets.free import free, garbage
from meguru.datasets.kind import DatasetSpec
from meguru.datasets.operations import branch, drop_branch, prune, versions
from meguru.datasets.operations import specs as datasets
from meguru.datasets.personal.operations import erase, returned
from meguru.datasets.remove import remove
from meguru.datasets.types import Retention
from meguru.errors import Conflict, InvalidInput
from meguru.predictions import payload, store
from meguru.predictions.schema import prediction_batch
from meguru.predictions.types import PredictionBatch
from meguru.predictions.unmatched import forget

load_operations()
ANNA = "anna@example.com"
WHO = {"email": [ANNA]}


@pytest.fixture
def filled(tmp_path, clock):
    with open_local(tmp_path / "w", settings=Settings(sqlite_synchronous="NORMAL"), clock=clock) as ws:
        (tmp_path / "people.csv").write_text(f"id,email\n1,{ANNA}\n2,bob@example.org\n")
        add_files(ws, "people", tmp_path / "people.csv")
        yield ws


def test_who_is_held_is_not_erased_until_the_hold_is_released_or_over(filled, clock):
    held = place(filled, who={"email": ["Anna@Example.com"]}, why="case 7")
    until = place(filled, about="dataset/people", why="case 8", until=clock.now() + timedelta(days=1))
    with pytest.raises(Conflict, match="the person is under a legal hold"):
        erase(filled, who=WHO)
    assert ANNA not in str(list_holds(filled))
    release(filled, id=held.id, why="closed")
    with pytest.raises(Conflict, match="dataset/people is under a legal hold"):
        erase(filled, who=WHO)
    clock.move(timedelta(days=2))
    assert erase(filled, who=WHO).rows == 1
    assert [each.id for each in list_holds(filled, released=True)] == [until.id, held.id]
    with pytest.raises(Conflict, match="was released"):
        release(filled, id=held.id, why="again")


@pytest.mark.parametrize("about", ["dataset/people", "project/default"])
def test_what_is_held_is_not_removed(filled, about):
    held = place(filled, about=about, why="case 7")
    with pytest.raises(Conflict, match="under a legal hold"):
        remove(filled, ref="people")
    release(filled, id=held.id, why="closed")
    assert remove(filled, ref="people").refs == ["dataset/people@1"]


def test_a_hold_whose_key_is_lost_may_be_about_anybody(filled):
    place(filled, who=WHO, why="case 7")
    (ErasureLedger(filled).folder / "key").write_text("ab" * 32)
    with pytest.raises(Conflict, match="the person is under a legal hold") as told:
        erase(filled, who={"email": ["bob@example.org"]})
    assert "it may be them" in told.value.why


def test_bytes_of_removed_versions_stay_while_the_dataset_is_held(filled):
    digest = versions(filled, name="people")[0].digest
    remove(filled, ref="people")
    held = place(filled, about="dataset/people", why="case 7")
    assert (garbage(filled).refs, free(filled).refs) == ([], [])
    assert filled.blobs.has(digest)
    release(filled, id=held.id, why="closed")
    assert garbage(filled).refs == ["dataset/people@1"]
    assert free(filled).refs == ["dataset/people@1"]
    assert not filled.blobs.has(digest)


def test_a_branch_of_what_is_held_is_not_dropped_nor_outcomes_forgotten(filled, clock):
    branch(filled, ref="people@1", branch="trial")
    place(filled, about="project/default", why="case 7")
    with pytest.raises(Conflict, match="dataset/people is under a legal hold"):
        drop_branch(filled, name="people", branch="trial")
    with pytest.raises(Conflict, match="endpoint/delay is under a legal hold"):
        forget(filled, endpoint="delay", before=clock.now())


@pytest.mark.parametrize(
    "said",
    [
        {"why": ""},
        {"why": "x"},
        {"why": "x", "about": "dataset/people", "who": WHO},
        {"why": "x", "about": "role/people"},
        {"why": "x", "who": {"email": [""]}},
        {"why": "x", "about": "dataset/people", "until": datetime(2001, 1, 1, tzinfo=UTC)},
    ],
)
def test_a_hold_says_why_and_is_about_one_thing(filled, said):
    with pytest.raises(InvalidInput):
        place(filled, **said)


def answer(ws, number, at):
    content = payload.make({"x": "double"}, {"x": [0.5]}, [0.25], [at])
    batch = PredictionBatch(
        id=f"pred-{number:026}", endpoint="delay", model_ref="model/delay@1", release_ref="release/delay@1",
        received_at=at, first_time=at, last_time=at, n=1, payload=payload.pack(content), rows=[],
    )  # fmt: skip
    with ws.db.write() as tx:
        store.add(tx, [batch])


def test_old_predictions_go_by_the_rule_and_stay_while_something_is_held(filled, clock):
    for number, days in enumerate([0, 1, 200]):
        answer(filled, number, clock.now() - timedelta(days=days))
    specs.declare(filled, name="default", spec=RetentionSpec(predictions="180d"))
    (old,) = due(filled).records
    assert (old.ref, old.rows, old.period, old.held) == ("endpoint/delay", 1, "180d", "")
    assert due(filled).bytes == old.bytes > 0
    held = place(filled, about="endpoint/delay", why="case 7")
    person = place(filled, who=WHO, why="case 8")
    assert [each.held for each in due(filled).records] == ["case 7"]
    assert RecordsClock(filled).tick() == []
    release(filled, id=held.id, why="closed")
    assert [each.held for each in due(filled).records] == ["case 8"]
    release(filled, id=person.id, why="closed")
    assert [each.rows for each in RecordsClock(filled).tick()] == [1]
    assert due(filled).records == []
    with filled.read() as tx:
        assert tx.execute(select(func.count()).select_from(prediction_batch)).scalar() == 2


def test_old_versions_of_datasets_go_by_the_rule(filled, clock, tmp_path):
    (tmp_path / "people.csv").write_text("id,email\n3,cy@example.net\n")
    clock.move(timedelta(days=30))
    add_files(filled, "people", tmp_path / "people.csv")
    specs.declare(filled, name="default", spec=RetentionSpec(datasets="4w"))
    assert [each.rows for each in due(filled).records] == [1]
    held = place(filled, who=WHO, why="case 7")
    assert RecordsClock(filled).tick() == []
    release(filled, id=held.id, why="closed")
    RecordsClock(filled).tick()
    assert [each.version for each in versions(filled, name="people")] == [2]


def test_what_the_law_asks_since_is_kept_whatever_older_rules_say(filled, clock, tmp_path):
    answer(filled, 1, clock.now() - timedelta(days=60))
    specs.declare(filled, name="default", spec=RetentionSpec(predictions="30d"))
    specs.declare(filled, name="risk", spec=RetentionSpec(predictions="30d"))
    with filled.read() as tx:
        assert cut(rules(tx), "risk", "predictions", clock.now()) == clock.now() - timedelta(days=30)
    asked = {"predictions": "90d", "datasets": "90d"}
    specs.declare(filled, name="default", spec=RetentionSpec(predictions="90d", least=asked))
    with filled.read() as tx:
        assert cut(rules(tx), "risk", "predictions", clock.now()) == clock.now() - timedelta(days=90)
    datasets.declare(filled, name="people", spec=DatasetSpec(keep=Retention(last=1)))
    (tmp_path / "people.csv").write_text("id,email\n3,cy@example.net\n")
    add_files(filled, "people", tmp_path / "people.csv")
    clock.move(timedelta(days=60))
    assert prune(filled, name="people", plan=True).refs == []
    clock.move(timedelta(days=60))
    assert prune(filled, name="people", plan=True).refs == ["dataset/people@1"]


def test_a_rule_that_was_made_longer_meanwhile_is_obeyed(filled, clock, monkeypatch):
    answer(filled, 1, clock.now() - timedelta(days=60))
    specs.declare(filled, name="default", spec=RetentionSpec(predictions="30d"))
    with filled.read() as tx:
        planned = list(apply._planned(tx, clock.now()))
    specs.declare(filled, name="default", spec=RetentionSpec(predictions="90d"))
    monkeypatch.setattr(apply, "_planned", lambda *_: planned)
    assert [each.rows for each in RecordsClock(filled).tick()] == [0]


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("default", RetentionSpec(predictions="1 month")),
        ("default", RetentionSpec(predictions="30d", least={"predictions": "1y"})),
        ("default", RetentionSpec(least={"files": "1y"})),
    ],
)
def test_a_rule_is_no_shorter_than_the_law_asks(filled, name, spec):
    with pytest.raises(InvalidInput):
        specs.declare(filled, name=name, spec=spec)


def test_rows_of_erased_persons_that_are_added_are_told_refused_or_dropped(filled, tmp_path):
    erase(filled, who=WHO)
    again = tmp_path / "again.csv"
    again.write_text("id,email\n7,ANNA@example.com\n8,cy@example.net\n")
    add_files(filled, "told", again)
    found = returned(filled, ref="told")
    assert (found.rows, found.columns) == (1, ["email"])
    specs.declare(filled, name="default", spec=RetentionSpec(erased="refuse"))
    with pytest.raises(Conflict, match="1 rows are of people who were erased"):
        add_files(filled, "refused", again)
    specs.declare(filled, name="default", spec=RetentionSpec(erased="drop"))
    again.write_text("id,email\n9,ANNA@example.com\n8,cy@example.net\n")  # no version has these rows
    add_files(filled, "dropped", again)
    with filled.read() as tx:
        assert pending(tx) == set()
    assert frame(filled, "dropped")["email"].to_list() == ["cy@example.net"]
    assert returned(filled, ref="dropped").rows == 0
    whole, part = tmp_path / "whole.parquet", tmp_path / "part.parquet"
    for path, mails in ((whole, ["dee@example.com"]), (part, [ANNA, "eli@example.com"])):
        pl.DataFrame({"id": range(len(mails)), "email": mails}).write_parquet(path)
    add_files(filled, "dropped", [whole, part])
    with filled.read() as tx:
        assert pending(tx) == set()  # what is kept as it was uploaded is not to be deleted


def test_a_bare_name_is_of_the_project_in_which_it_is_held(filled):
    made = place(filled.with_(project="shop"), about="dataset/people", why="case 7")
    assert made.about == "dataset/shop/people"
    assert erase(filled, who=WHO).rows == 1
